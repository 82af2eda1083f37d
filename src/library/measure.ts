/** Quantities of a model at a point, and what multiplies by its curvature on the device. */
export { type AlongGradient, alongGradient } from '../measure/curvature/alongGradient.ts';
export { batchSharpness } from '../measure/curvature/batchSharpness.ts';
export {
  covarianceProbes,
  covarianceTraceBy,
  estimateCovarianceTrace,
} from '../measure/curvature/covarianceProbes.ts';
export {
  type Eigenpair,
  type EigenvalueProgress,
  eigenvalues,
  type Spectrum,
  searchEigenvalues,
} from '../measure/curvature/eigenvalues.ts';
export { exactCovarianceTrace } from '../measure/curvature/exactCovarianceTrace.ts';
export { FollowedEigenvalue, followedEigenvalue } from '../measure/curvature/followedEigenvalue.ts';
export { hessianProduct } from '../measure/curvature/hessianProduct.ts';
export { estimateTrace, exactTrace, TraceEstimator } from '../measure/curvature/hessianTrace.ts';
export { HutchPlusPlus, hutchPlusPlus } from '../measure/curvature/hutchPlusPlus.ts';
export { LargestEigenvalue } from '../measure/curvature/largestEigenvalue.ts';
export { LossAlongLine } from '../measure/curvature/lossAlongLine.ts';
export { measureLocalModel } from '../measure/curvature/measureLocalModel.ts';
export { type CurvatureKind, CurvatureOperator, type LinearOperator } from '../measure/curvature/operator.ts';
export {
  LanczosQuadrature,
  logDeterminant,
  spectralDensity,
  spectralQuadrature,
  spectralSum,
} from '../measure/curvature/spectralDensity.ts';
export {
  CovarianceTraceEstimator,
  estimateTraceCovariance,
  exactTraceCovariance,
} from '../measure/curvature/traceHessianCovariance.ts';
export { directionalDerivatives } from '../measure/gradient/directionalDerivatives.ts';
export { type GradientHistogram, gradientHistogram } from '../measure/gradient/gradientHistogram.ts';
export { gradientMoments, moments } from '../measure/gradient/gradientMoments.ts';
export { meanRatioErrors } from '../measure/gradient/meanRatioErrors.ts';
export { microBatchNoise } from '../measure/gradient/microBatchNoise.ts';
export { type NoiseStatistics, noiseStatistics } from '../measure/gradient/noiseStatistics.ts';
export type { Instrument, InstrumentKind, Told } from '../measure/instrument.ts';
export { instrumentFrom, instruments } from '../measure/instruments.ts';
export { measureOver } from '../measure/measureOver.ts';
export type { Look, Quantity } from '../measure/quantity.ts';
export type { TracedBatch } from '../measure/tracedBatch.ts';
