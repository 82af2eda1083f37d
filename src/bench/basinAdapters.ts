import basin, { sharedDevice } from './basinAdapter.ts';
import { basinStep } from './basinStep.ts';
import { basinTrainingStep } from './basinTrainingStep.ts';
import type { BenchAdapter } from './benchAdapter.ts';
import { basinSweep } from './sweep/basinSweep.ts';

/** Ours, by the keys that results are kept under. */
export const OWN: Readonly<Record<'basin' | 'basin-statistics' | 'basin-train', BenchAdapter>> = {
  basin: { ...basin, sweep: async (task) => basinSweep(await sharedDevice(), task) },
  'basin-statistics': {
    name: 'Basin, B_simple every step',
    init: basin.init,
    mlpStep: async (task) => basinStep(await sharedDevice(), task, true),
  },
  'basin-train': {
    name: 'Basin, as `train` runs it',
    init: basin.init,
    mlpStep: async (task) => basinTrainingStep(await sharedDevice(), task),
  },
};
