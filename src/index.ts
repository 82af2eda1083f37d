/** Basin as a library: the engine, the models it trains, data and measurements. */

export { BenchRunner } from './bench/benchRunner.ts';
export { type Dataset, datasetFromTensors } from './data/dataset.ts';
export { loadDataset } from './data/loadDataset.ts';
export { readNpz } from './data/npz.ts';
export { readSafetensors, writeSafetensors } from './data/safetensors.ts';
export { syntheticDataset } from './data/synthetic.ts';
export { uploadExamples } from './data/uploadExamples.ts';
export * from './engine.ts';
export { InputError } from './host/inputError.ts';
export { RunControl } from './host/runControl.ts';
export { type JobEvent, type JobHost, type JobSpec, type Reading, runJob } from './jobs/job.ts';
export { type AlongGradient, alongGradient } from './measure/curvature/alongGradient.ts';
export { batchSharpness } from './measure/curvature/batchSharpness.ts';
export {
  covarianceProbes,
  covarianceTraceBy,
  estimateCovarianceTrace,
} from './measure/curvature/covarianceProbes.ts';
export {
  type Eigenpair,
  type EigenvalueProgress,
  eigenvalues,
  type Spectrum,
  searchEigenvalues,
} from './measure/curvature/eigenvalues.ts';
export { exactCovarianceTrace } from './measure/curvature/exactCovarianceTrace.ts';
export { FollowedEigenvalue, followedEigenvalue } from './measure/curvature/followedEigenvalue.ts';
export { hessianProduct } from './measure/curvature/hessianProduct.ts';
export { estimateTrace, exactTrace, TraceEstimator } from './measure/curvature/hessianTrace.ts';
export { HutchPlusPlus, hutchPlusPlus } from './measure/curvature/hutchPlusPlus.ts';
export { LargestEigenvalue } from './measure/curvature/largestEigenvalue.ts';
export { LossAlongLine } from './measure/curvature/lossAlongLine.ts';
export { measureLocalModel } from './measure/curvature/measureLocalModel.ts';
export { type CurvatureKind, CurvatureOperator, type LinearOperator } from './measure/curvature/operator.ts';
export {
  LanczosQuadrature,
  logDeterminant,
  spectralDensity,
  spectralQuadrature,
  spectralSum,
} from './measure/curvature/spectralDensity.ts';
export {
  CovarianceTraceEstimator,
  estimateTraceCovariance,
  exactTraceCovariance,
} from './measure/curvature/traceHessianCovariance.ts';
export { directionalDerivatives } from './measure/gradient/directionalDerivatives.ts';
export { type GradientHistogram, gradientHistogram } from './measure/gradient/gradientHistogram.ts';
export { gradientMoments, moments } from './measure/gradient/gradientMoments.ts';
export { meanRatioErrors } from './measure/gradient/meanRatioErrors.ts';
export { microBatchNoise } from './measure/gradient/microBatchNoise.ts';
export { type NoiseStatistics, noiseStatistics } from './measure/gradient/noiseStatistics.ts';
export type { Instrument, InstrumentKind, Told } from './measure/instrument.ts';
export { instrumentFrom, instruments } from './measure/instruments.ts';
export { measureOver } from './measure/measureOver.ts';
export type { Look, Quantity } from './measure/quantity.ts';
export { branchedCriticalBatch } from './measure/statistics/branchedCriticalBatch.ts';
export type { CovarianceTrace } from './measure/statistics/covarianceTrace.ts';
export { type CurvatureErrors, curvatureErrors } from './measure/statistics/curvatureErrors.ts';
export {
  effectiveBatchSize,
  type FiniteSampling,
  finiteDataNoise,
} from './measure/statistics/effectiveBatchSize.ts';
export { gradientSignalToNoise } from './measure/statistics/gradientSignalToNoise.ts';
export { gradientTestErrors } from './measure/statistics/gradientTestErrors.ts';
export {
  type Interval,
  ratioInterval,
  squareInterval,
  symmetricInterval,
} from './measure/statistics/interval.ts';
export { type BatchErrors, jackknifeErrors } from './measure/statistics/jackknifeErrors.ts';
export { type GradientSample, leaveOneOut } from './measure/statistics/leaveOneOut.ts';
export {
  breakEvenRate,
  expectedLossChange,
  type LocalModel,
  noiseScale,
  optimalGain,
  optimalRate,
} from './measure/statistics/localModel.ts';
export { type EstimateError, type NoiseErrors, noiseErrors } from './measure/statistics/noiseErrors.ts';
export {
  type GradientNoise,
  gradientNoise,
  twoBatchNoise,
} from './measure/statistics/noiseScale.ts';
export { type NoiseScaleInterval, noiseScaleInterval } from './measure/statistics/noiseScaleInterval.ts';
export {
  type NoiseMeasurement,
  type RunningNoise,
  RunningNoiseScale,
} from './measure/statistics/runningNoiseScale.ts';
export { batchSizeAtBound, cabsBatchSize, samplingCriteria } from './measure/statistics/samplingCriteria.ts';
export { sgdNoiseScale, temperature } from './measure/statistics/sgdNoise.ts';
export { signalToNoiseErrors } from './measure/statistics/signalToNoiseErrors.ts';
export { type UnitSpread, unitSpread } from './measure/statistics/unitSpread.ts';
export type { TracedBatch } from './measure/tracedBatch.ts';
export { parameterLayout } from './nn/forward.ts';
export { initialStateDict } from './nn/init.ts';
export * as nn from './nn/layers.ts';
export { type LayerSpec, type ModelSpec, parseModel } from './nn/modelSpec.ts';
export { traceStep } from './train/traceStep.ts';
export { Training, type TrainSettings, train } from './train/train.ts';
export { TrainingRun } from './train/trainingRun.ts';
export { withTunedKernels } from './tuning/chosenKernels.ts';
export { parseTable, type TunedTable } from './tuning/tunedTable.ts';
