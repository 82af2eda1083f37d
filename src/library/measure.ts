/**
 * What is measured at a point: each function makes something for `at.measure(…)`, alone or several by name, which share the passes over
 * the data. `Quantity` and `Measurement` are for one's own.
 * @module
 */

export { batchSharpness, type SharpnessOptions } from '../measure/curvature/batchSharpness.ts';
export type {
  Eigenpair,
  EigenvalueOptions,
  EigenvalueProgress,
  Spectrum,
} from '../measure/curvature/eigenvalues.ts';
export { localModel } from '../measure/curvature/localModel.ts';
export { lossAlong } from '../measure/curvature/lossAlong.ts';
export type { LocalModelOptions, MeasuredLocalModel } from '../measure/curvature/measureLocalModel.ts';
export type { CurvatureKind } from '../measure/curvature/operator.ts';
export type { ExampleRows } from '../measure/gradient/exampleLosses.ts';
export { type GradientTests, gradientTests } from '../measure/gradient/gradientTests.ts';
export { histogram, type NamedHistogram } from '../measure/gradient/histogram.ts';
export type { HistogramOptions } from '../measure/gradient/histogramRanges.ts';
export { type MicroBatchNoise, microBatchNoise } from '../measure/gradient/microBatchNoise.ts';
export { moments, type NamedMoments } from '../measure/gradient/moments.ts';
export { type MeasuredSignalToNoise, signalToNoise } from '../measure/gradient/signalToNoise.ts';
export { slopesAlong } from '../measure/gradient/slopesAlong.ts';
export type { FollowedRun, Instrument, InstrumentKind, ReadAt, Shown, Told } from '../measure/instrument.ts';
export {
  type Answers,
  ask,
  type FoundBy,
  type FoundOf,
  type MeasuredAt,
  type Measurement,
  type Round,
} from '../measure/measurement.ts';
export type { Measurements } from '../measure/measureOver.ts';
export type { ExampleSource, Point } from '../measure/pass.ts';
export type { Look, MeasuredOf, Numbers, Quantity } from '../measure/quantity.ts';
export type { RandomVector } from '../measure/randomParameters.ts';
export type { Schedule } from '../measure/schedule.ts';
export { type AdaptiveSharpnessOptions, adaptiveSharpness } from '../measure/sharpness/adaptiveSharpness.ts';
export { type KeskarOptions, type KeskarSharpness, keskar } from '../measure/sharpness/keskar.ts';
export { type SamOptions, sam } from '../measure/sharpness/sam.ts';
export type { SharpnessResult } from '../measure/sharpness/sharpnessResult.ts';
export type { Estimate, Probes } from '../measure/statistics/estimate.ts';
export type { Spread } from '../measure/statistics/spreadOf.ts';
export type {
  BatchOf,
  Gathered,
  GatheredMoments,
  Gathering,
  Grouping,
  MemorySpec,
  TracedBatch,
} from '../measure/tracedBatch.ts';
