import { batchControl } from './batchControl/index.ts';
import { criticalBatch } from './criticalBatch/index.ts';
import type { Experiment } from './experiment.ts';
import { dinhRescaling } from './keskar/dinhRescaling.ts';
import { escapeByNoise } from './keskar/escapeByNoise.ts';
import { largeBatchNearer } from './keskar/largeBatchNearer.ts';
import { largeBatchSharper } from './keskar/largeBatchSharper.ts';
import { largeBatchTestsWorse } from './keskar/largeBatchTestsWorse.ts';
import { lineAsymmetry } from './keskar/lineAsymmetry.ts';
import { oneParameterPicture } from './keskar/oneParameterPicture.ts';
import { tunedBatchesTestAlike } from './keskar/tunedBatchesTestAlike.ts';
import { warmStart } from './keskar/warmStart.ts';
import { optimalStep } from './optimalStep/index.ts';
import { batchSharpness } from './since/batchSharpness.ts';
import { edgeOfStability } from './since/edgeOfStability.ts';
import { decayEqualsGrowth } from './smith/decayEqualsGrowth.ts';
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

/** All experiments, as command line and page show them: a new one is a line here. */
export const experiments: readonly Experiment[] = [
  optimalStep,
  criticalBatch,
  batchControl,
  largeBatchSharper,
  largeBatchNearer,
  largeBatchTestsWorse,
  lineAsymmetry,
  oneParameterPicture,
  escapeByNoise,
  warmStart,
  dinhRescaling,
  edgeOfStability,
  batchSharpness,
  tunedBatchesTestAlike,
  memorisation,
  sdeVariance,
  optimumInside,
  optimumByRate,
  optimumBySize,
  optimumByMomentum,
  collapseOnNoise,
  decayEqualsGrowth,
  growthControls,
  largerInitialRate,
  largerMomentum,
];
