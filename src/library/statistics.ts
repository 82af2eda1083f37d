/**
 * The estimators, on the host in float64: from numbers to noise scales, intervals, tests and predictions.
 * @module
 */

export {
  logDeterminant,
  type Quadrature,
  type SpectralDensity,
  type SpectralQuadrature,
  spectralDensity,
  spectralSum,
} from '../measure/curvature/spectralDensity.ts';
export { branchedCriticalBatch } from '../measure/statistics/branchedCriticalBatch.ts';
export {
  effectiveBatchSize,
  type FiniteSampling,
  finiteDataNoise,
} from '../measure/statistics/effectiveBatchSize.ts';
export { gradientTestErrors } from '../measure/statistics/gradientTestErrors.ts';
export {
  type Interval,
  ratioInterval,
  squareInterval,
  symmetricInterval,
} from '../measure/statistics/interval.ts';
export { type BatchErrors, jackknifeErrors } from '../measure/statistics/jackknifeErrors.ts';
export { type GradientSample, leaveOneOut } from '../measure/statistics/leaveOneOut.ts';
export {
  breakEvenRate,
  expectedLossChange,
  type LocalModel,
  noiseScale,
  optimalGain,
  optimalRate,
} from '../measure/statistics/localModel.ts';
export { type EstimateError, type NoiseErrors, noiseErrors } from '../measure/statistics/noiseErrors.ts';
export { type GradientNoise, gradientNoise, twoBatchNoise } from '../measure/statistics/noiseScale.ts';
export { type NoiseScaleInterval, noiseScaleInterval } from '../measure/statistics/noiseScaleInterval.ts';
export {
  type NoiseMeasurement,
  type RunningNoise,
  RunningNoiseScale,
} from '../measure/statistics/runningNoiseScale.ts';
export { batchSizeAtBound, cabsBatchSize, samplingCriteria } from '../measure/statistics/samplingCriteria.ts';
export { sgdNoiseScale, temperature } from '../measure/statistics/sgdNoise.ts';
export { signalToNoiseErrors } from '../measure/statistics/signalToNoiseErrors.ts';
export { type UnitSpread, unitSpread } from '../measure/statistics/unitSpread.ts';
