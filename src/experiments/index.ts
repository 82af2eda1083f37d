import { batchControl } from './batchControl/index.ts';
import { criticalBatch } from './criticalBatch/index.ts';
import type { Experiment } from './experiment.ts';
import { optimalStep } from './optimalStep/index.ts';
import { collapseOnNoise } from './smithLe/collapseOnNoise.ts';
import { memorisation } from './smithLe/memorisation.ts';
import { optimumByMomentum } from './smithLe/optimumByMomentum.ts';
import { optimumByRate } from './smithLe/optimumByRate.ts';
import { optimumBySize } from './smithLe/optimumBySize.ts';
import { optimumInside } from './smithLe/optimumInside.ts';

/** All experiments, as command line and page show them: a new one is a line here. */
export const experiments: readonly Experiment[] = [
  optimalStep,
  criticalBatch,
  batchControl,
  memorisation,
  optimumInside,
  optimumByRate,
  optimumBySize,
  optimumByMomentum,
  collapseOnNoise,
];
