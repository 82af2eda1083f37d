/** Basin as a library: the engine, the models it trains, data and measurements. */

export { BenchRunner } from './bench/benchRunner.ts';
export * from './engine.ts';
export { InputError } from './host/inputError.ts';
export * as data from './library/data.ts';
export * as measure from './library/measure.ts';
export * as nn from './library/nn.ts';
export * as statistics from './library/statistics.ts';
export type { Reading } from './train/reading.ts';
export { Training, type TrainSettings, train } from './train/train.ts';
