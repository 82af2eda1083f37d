/**
 * Basin as a library: the engine, the models it trains, data and measurements.
 * @module basin
 */

import './gpu/disposeSymbol.ts';

export * from './engine.ts';
export { InputError } from './host/inputError.ts';
export * as data from './library/data.ts';
export * as landscape from './library/landscape.ts';
export * as measure from './library/measure.ts';
export * as nn from './library/nn.ts';
export * as statistics from './library/statistics.ts';
export {
  Curvature,
  type CurvatureSpectrum,
  type CurvatureTraceOptions,
  type QuadratureOptions,
  type SpectrumOptions,
} from './measure/curvature/curvature.ts';
export type { Evaluation } from './measure/evaluation/evaluator.ts';
export type { GivenInstrument } from './measure/givenInstrument.ts';
export { ModelPoint } from './measure/modelPoint.ts';
export { type LayerNoise, type Noise, noise } from './measure/noise.ts';
export { ParameterVector } from './measure/parameterVector.ts';
export { type PointSettings, point } from './measure/point.ts';
export type { NoiseOptions } from './measure/pointNoise.ts';
export type { Measured, ProbedMeasured } from './measure/statistics/measured.ts';
export type { GivenWeights } from './nn/givenWeights.ts';
export type { GivenModel } from './nn/modelFrom.ts';
export type { GivenSchedule } from './optim/schedule.ts';
export type { GivenAugmentation } from './train/augmentationOf.ts';
export type { BatchRule, GrowRule, LrLaw, NoiseRule } from './train/batchRule.ts';
export type { BatchFrom } from './train/batchSizes.ts';
export type { FoundRate, LrSearch } from './train/lrSearch.ts';
export type { Reading } from './train/reading.ts';
export type { ReplicaLists, ReplicaSettings } from './train/replicaGrid.ts';
export type { Divergence } from './train/replicaLog.ts';
export type { ReplicaSelection } from './train/selectReplica.ts';
export { train } from './train/train.ts';
export { type PointOfRun, Training, type TrainingReading, type WhichWeights } from './train/training.ts';
export type { GivenAveraging, TrainSettings } from './train/trainSettings.ts';
export type { UsedBatch } from './train/usedBatches.ts';
