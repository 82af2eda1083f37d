import type { Experiment } from './experiment.ts';
import { iteratesCircle } from './izmailov/iteratesCircle.ts';
import { sgdSwaSegment } from './izmailov/sgdSwaSegment.ts';
import { skippingBatchNormPass } from './izmailov/skippingBatchNormPass.ts';
import { swaAgainstEnsemble } from './izmailov/swaAgainstEnsemble.ts';
import { swaAgainstSgd } from './izmailov/swaAgainstSgd.ts';
import { swaCost } from './izmailov/swaCost.ts';
import { swaHigherTrainLoss } from './izmailov/swaHigherTrainLoss.ts';
import { swaPlane } from './izmailov/swaPlane.ts';
import { widerAlongRays } from './izmailov/widerAlongRays.ts';
import { dinhRescaling } from './keskar/dinhRescaling.ts';
import { escapeByNoise } from './keskar/escapeByNoise.ts';
import { largeBatchNearer } from './keskar/largeBatchNearer.ts';
import { largeBatchSharper } from './keskar/largeBatchSharper.ts';
import { largeBatchTestsWorse } from './keskar/largeBatchTestsWorse.ts';
import { lineAsymmetry } from './keskar/lineAsymmetry.ts';
import { oneParameterPicture } from './keskar/oneParameterPicture.ts';
import { tunedBatchesTestAlike } from './keskar/tunedBatchesTestAlike.ts';
import { warmStart } from './keskar/warmStart.ts';
import { batchControl } from './mccandlish/batchControl/index.ts';
import { autoencoderCounterexample } from './mccandlish/batchSweep/autoencoderCounterexample.ts';
import { criticalAgainstSimple } from './mccandlish/batchSweep/criticalAgainstSimple.ts';
import { hyperbola } from './mccandlish/batchSweep/hyperbola.ts';
import { linearThenSaturated } from './mccandlish/batchSweep/linearThenSaturated.ts';
import { criticalBatch } from './mccandlish/criticalBatch/index.ts';
import { trainingDivergence } from './mccandlish/divergence/trainingDivergence.ts';
import { gradientVariance } from './mccandlish/gradientDraws/gradientVariance.ts';
import { harderTaskNoisier } from './mccandlish/noiseTrajectory/harderTaskNoisier.ts';
import { noiseGrows } from './mccandlish/noiseTrajectory/noiseGrows.ts';
import { noiseIndependentOfN } from './mccandlish/noiseTrajectory/noiseIndependentOfN.ts';
import { noiseIndependentOfWidth } from './mccandlish/noiseTrajectory/noiseIndependentOfWidth.ts';
import { optimalStep } from './mccandlish/optimalStep/index.ts';
import { mnistNoiseScale } from './mccandlish/runAverage/mnistNoiseScale.ts';
import { temperature } from './mccandlish/temperature/temperature.ts';
import { layerNormPredicts } from './sequences/layerNormPredicts.ts';
import { transformerBatch } from './sequences/transformerBatch.ts';
import { transformerNoiseGrows } from './sequences/transformerNoiseGrows.ts';
import { batchSharpness } from './since/batchSharpness.ts';
import { edgeOfStability } from './since/edgeOfStability.ts';
import { fastestBatch } from './since/fastestBatch.ts';
import { noiseReplayed } from './since/noiseReplayed.ts';
import { decayEqualsGrowth } from './smith/decayEqualsGrowth.ts';
import { exploresFarther } from './smith/exploresFarther.ts';
import { growthControls } from './smith/growthControls.ts';
import { largerInitialRate } from './smith/largerInitialRate.ts';
import { largerMomentum } from './smith/largerMomentum.ts';
import { collapseOnNoise } from './smithLe/collapseOnNoise.ts';
import { memorisation } from './smithLe/memorisation.ts';
import { optimumByMomentum } from './smithLe/optimumByMomentum.ts';
import { optimumByRate } from './smithLe/optimumByRate.ts';
import { optimumBySize } from './smithLe/optimumBySize.ts';
import { optimumInside } from './smithLe/optimumInside.ts';
import { sdeVariance } from './smithLe/sdeVariance.ts';
import { svag } from './smithLe/svag.ts';

/** All experiments, as command line and page show them: a new one is a line here. */
export const experiments: readonly Experiment[] = [
  // McCandlish et al. 2018
  gradientVariance,
  optimalStep,
  trainingDivergence,
  noiseGrows,
  harderTaskNoisier,
  noiseIndependentOfN,
  noiseIndependentOfWidth,
  mnistNoiseScale,
  temperature,
  hyperbola,
  criticalAgainstSimple,
  linearThenSaturated,
  autoencoderCounterexample,
  batchControl,
  criticalBatch,
  // Keskar et al. 2017
  largeBatchSharper,
  largeBatchNearer,
  largeBatchTestsWorse,
  tunedBatchesTestAlike,
  lineAsymmetry,
  oneParameterPicture,
  escapeByNoise,
  warmStart,
  dinhRescaling,
  // Smith & Le 2018
  memorisation,
  sdeVariance,
  svag,
  optimumInside,
  optimumByRate,
  optimumBySize,
  optimumByMomentum,
  collapseOnNoise,
  // Smith et al. 2018
  decayEqualsGrowth,
  growthControls,
  largerInitialRate,
  largerMomentum,
  exploresFarther,
  // Izmailov et al. 2018
  swaAgainstSgd,
  swaHigherTrainLoss,
  iteratesCircle,
  widerAlongRays,
  swaPlane,
  sgdSwaSegment,
  skippingBatchNormPass,
  swaAgainstEnsemble,
  swaCost,
  // Since then
  edgeOfStability,
  batchSharpness,
  noiseReplayed,
  fastestBatch,
  // Sequences
  transformerBatch,
  transformerNoiseGrows,
  layerNormPredicts,
];
