/** Basin as a library: the engine, the models it trains, data and measurements. */
export { type Dataset, datasetFromTensors } from './data/dataset.ts';
export { loadDataset } from './data/loadDataset.ts';
export { readNpz } from './data/npz.ts';
export { readSafetensors, writeSafetensors } from './data/safetensors.ts';
export { syntheticDataset } from './data/synthetic.ts';
export { uploadExamples } from './data/uploadExamples.ts';
export * from './engine.ts';
export { BenchRunner } from './jobs/bench/benchRunner.ts';
export { RunControl } from './jobs/control.ts';
export { type JobEvent, type JobHost, type JobSpec, type Reading, runJob } from './jobs/job.ts';
export { withTunedKernels } from './jobs/kernels/chosenKernels.ts';
export { parseTable, type TunedTable } from './jobs/kernels/tunedTable.ts';
export { traceStep } from './jobs/traceStep.ts';
export { Training, type TrainSettings, train } from './jobs/train.ts';
export { TrainingRun } from './jobs/trainingRun.ts';
export { batchSharpness } from './measure/batchSharpness.ts';
export { branchedCriticalBatch } from './measure/branchedCriticalBatch.ts';
export { covarianceDots } from './measure/covarianceDots.ts';
export {
  type CovarianceTrace,
  estimateCovarianceTrace,
  exactCovarianceTrace,
} from './measure/covarianceTraceSpread.ts';
export { type CurvatureErrors, curvatureErrors } from './measure/curvatureErrors.ts';
export { directionalDerivatives } from './measure/directionalDerivatives.ts';
export { effectiveBatchSize, type FiniteSampling, finiteDataNoise } from './measure/effectiveBatchSize.ts';
export {
  type Eigenpair,
  type EigenvalueProgress,
  eigenvalues,
  type Spectrum,
  searchEigenvalues,
} from './measure/eigenvalues.ts';
export { FollowedEigenvalue } from './measure/followedEigenvalue.ts';
export { gradientCurvature } from './measure/gradientCurvature.ts';
export { type GradientHistogram, gradientHistogram } from './measure/gradientHistogram.ts';
export { gradientMoments } from './measure/gradientMoments.ts';
export { gradientSignalToNoise } from './measure/gradientSignalToNoise.ts';
export { gradientTestErrors } from './measure/gradientTestErrors.ts';
export { batchSizeAtBound, cabsBatchSize, gradientTests } from './measure/gradientTests.ts';
export { estimateTrace, exactTrace, TraceEstimator } from './measure/hessianTrace.ts';
export { HutchPlusPlus, hutchPlusPlus } from './measure/hutchPlusPlus.ts';
export { type Interval, ratioInterval, squareInterval, symmetricInterval } from './measure/interval.ts';
export { type BatchErrors, jackknifeErrors } from './measure/jackknifeErrors.ts';
export { LargestEigenvalue } from './measure/largestEigenvalue.ts';
export { type GradientSample, leaveOneOut } from './measure/leaveOneOut.ts';
export {
  breakEvenRate,
  expectedLossChange,
  type LocalModel,
  noiseScale,
  optimalGain,
  optimalRate,
} from './measure/localModel.ts';
export { LossAlongLine } from './measure/lossAlongLine.ts';
export { meanRatioErrors } from './measure/meanRatioErrors.ts';
export { measureLocalModel } from './measure/measureLocalModel.ts';
export { microBatchNoise } from './measure/microBatchNoise.ts';
export { type EstimateError, type NoiseErrors, noiseErrors } from './measure/noiseErrors.ts';
export {
  type GradientNoise,
  gradientNoise,
  twoBatchNoise,
} from './measure/noiseScale.ts';
export { type NoiseScaleInterval, noiseScaleInterval } from './measure/noiseScaleInterval.ts';
export { type CurvatureKind, CurvatureOperator, type LinearOperator } from './measure/operator.ts';
export { type NoiseMeasurement, type RunningNoise, RunningNoiseScale } from './measure/runningNoiseScale.ts';
export { sgdNoiseScale, temperature } from './measure/sgdNoise.ts';
export { signalToNoiseErrors } from './measure/signalToNoiseErrors.ts';
export {
  LanczosQuadrature,
  logDeterminant,
  spectralDensity,
  spectralQuadrature,
  spectralSum,
} from './measure/spectralDensity.ts';
export {
  CovarianceTraceEstimator,
  estimateTraceCovariance,
  exactTraceCovariance,
} from './measure/traceHessianCovariance.ts';
export { type UnitSpread, unitSpread } from './measure/unitSpread.ts';
export { parameterLayout } from './nn/forward.ts';
export { initialStateDict } from './nn/init.ts';
export { InputError } from './nn/inputError.ts';
export * as nn from './nn/layers.ts';
export { type LayerSpec, type ModelSpec, parseModel } from './nn/modelSpec.ts';
