import { normal } from '../../../random/normal.ts';
import type { Sweeps } from './readSweeps.ts';
import { type BatchSweepProtocol, batchSweep, type Task } from './study.ts';

/** What planted sweeps follow. */
export interface PlantedSweep {
  /** Steps at the best ε, in units of S_min, and that ε, in units of ε_max; by task. */
  readonly law: (task: Task, batchSize: number) => { readonly steps: number; readonly rate: number };
  /** B_simple along the run, in units of B_crit. */
  readonly simple?: (task: Task) => number;
}

/** B_crit of the planted laws: in the middle of either sweep. */
export const PLANTED_CRITICAL: Readonly<Record<Task, number>> = { classifier: 64, autoencoder: 12 };
/** Standard deviations of log S by run, and of B_simple by unit: somewhat more than the pilot's. */
const [RUN_SCATTER, UNIT_SCATTER] = [0.04, 0.15];

/** McCandlish's laws of steps and rate; that of the rate bends where the protocol's grid of ε does. */
export function exactLaw({ centralBatch, autoencoderCentralBatch }: BatchSweepProtocol): PlantedSweep['law'] {
  return (task, batchSize) => ({
    steps: 1 + PLANTED_CRITICAL[task] / batchSize,
    rate: 1 / (1 + (task === 'classifier' ? centralBatch : autoencoderCentralBatch) / batchSize),
  });
}

/**
 * Sweeps in which steps to a goal at ε are those at the best ε times (r + 1/r)/2, r = ε/ε_best: what a quadratic's progress −ε|G|² +
 * ε²h/2 loses beside its optimum, to second order. Beyond 4 ε_best a run diverges.
 */
export function plantSweeps(
  protocol: BatchSweepProtocol,
  seed: number,
  { law, simple }: PlantedSweep,
): Sweeps {
  return batchSweep.cells(protocol).map((cell, c) => {
    const { task, batchSize, unit, goals } = cell;
    const ofTask = task === 'classifier' ? protocol.lr : protocol.autoencoderLr;
    const { steps, rate } = law(task, batchSize);
    const best = ofTask * rate * Math.exp(0.1 * normal(seed, 221, unit, task === 'classifier' ? 0 : 1));
    const rates = cell.rates.map((lr, r) => {
      const over = lr / best;
      return {
        lr,
        steps: goals.map((_, g) => {
          const noisy = Math.exp(RUN_SCATTER * normal(seed, 222, 16 * c + r, g));
          return over > 4 ? null : 100 * 2 ** -g * steps * ((over + 1 / over) / 2) * noisy;
        }),
      };
    });
    const B = PLANTED_CRITICAL[task];
    const own = Math.exp(UNIT_SCATTER * normal(seed, 223, unit, task === 'classifier' ? 0 : 1));
    const noise = cell.noise
      ? goals.map((goal, g) => ({
          step: 100 - 10 * g,
          loss: goal,
          bSimple: (simple?.(task) ?? 1) * B * own,
          bNoise: B * own,
        }))
      : [];
    return { cell, evidence: { rates, noise } };
  });
}
