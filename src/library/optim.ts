/**
 * Updates of parameters within a trace, the rates of every step, and averages of weights.
 * @module
 */

export { type AdamSettings, type AdamState, adam, packAdamSettings } from '../optim/adam.ts';
export { type Averaging, average, type RunningAverage } from '../optim/average.ts';
export { type CaptureSteps, captures } from '../optim/captureSteps.ts';
export { type CaptureRing, capture, captureMean } from '../optim/lawa.ts';
export { learningRates, type Schedule } from '../optim/schedule.ts';
export { packSettings, type SgdSettings, type SgdState, sgd } from '../optim/sgd.ts';
export { type SwagState, swag } from '../optim/swag.ts';
