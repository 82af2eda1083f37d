import { batchControl } from './batchControl/index.ts';
import { criticalBatch } from './criticalBatch/index.ts';
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
import { optimalStep } from './optimalStep/index.ts';
import { fastestBatch } from './since/fastestBatch.ts';
import { noiseReplayed } from './since/noiseReplayed.ts';

/** All experiments, as command line and page show them: a new one is a line here. */
export const experiments: readonly Experiment[] = [
  optimalStep,
  criticalBatch,
  batchControl,
  // Izmailov et al. 2018.
  swaAgainstSgd,
  swaHigherTrainLoss,
  iteratesCircle,
  widerAlongRays,
  swaPlane,
  sgdSwaSegment,
  skippingBatchNormPass,
  swaAgainstEnsemble,
  swaCost,
  // Since then.
  noiseReplayed,
  fastestBatch,
];
