import { learningRate, type Schedule } from './schedule.ts';

/** A run of batches of `batchSize` at the rates of a schedule, in whose place B is to grow. */
export interface DecayedRun {
  readonly schedule: Schedule;
  /** ε at the start. */
  readonly base: number;
  readonly batchSize: number;
  readonly steps: number;
}

/** B from a step on, counted from 0: the first entry from step 0. */
export interface GrownBatches {
  readonly batches: readonly { readonly fromStep: number; readonly batchSize: number }[];
  /** Steps of the run, fewer than the schedule's. */
  readonly steps: number;
}

/** ε cut to less than this share of a whole multiple of B is rounding: 0.1^−1 is 10. */
const ROUNDING = 1e-9;

/**
 * Grows B where a schedule would cut ε (Smith et al. 2018): ε/B, and with it the noise of SGD, is at each example that of the
 * schedule, in fewer steps.
 *
 * The schedule's steps are of `batchSize` examples: a step that begins after E examples stands at the schedule's step ⌊E/batchSize⌋ + 1,
 * whose rate ε is q times below the largest so far. B is k·batchSize and the rate k·ε, k the whole part of q, at most
 * ⌊most/batchSize⌋: what of q is no whole number, and what is beyond the cap, stays cut of the rate. B grows when k has doubled
 * since it last did, or comes to the cap, so that a schedule that falls bit by bit takes few batch sizes; it shrinks where the schedule's
 * rate rises again. All examples of the schedule are drawn, and of the last batch as many more as it is whole.
 * @param most examples of a step
 */
export function growBatches({ schedule, base, batchSize, steps }: DecayedRun, most: number): GrownBatches {
  const batches: { readonly fromStep: number; readonly batchSize: number }[] = [];
  const cap = Math.max(1, Math.floor(most / batchSize));
  let [peak, k, taken] = [0, 1, 0];
  // In batches of the schedule: a whole number, since every batch is so many of them.
  for (let [at, seen] = [0, 0]; at < steps; at += k, taken++) {
    for (; seen <= at; seen++) peak = Math.max(peak, learningRate(schedule, base, seen + 1));
    const cut = Math.floor((peak / learningRate(schedule, base, at + 1)) * (1 + ROUNDING));
    const whole = Number.isNaN(cut) ? 1 : Math.min(cut, cap);
    if (cut >= 2 * k || whole < k) k = whole;
    if (batches.at(-1)?.batchSize !== k * batchSize)
      batches.push({ fromStep: taken, batchSize: k * batchSize });
  }
  return { batches, steps: taken };
}

/** ε of every step of a run whose batches grow: the schedule's at its first example, as many times as B is the schedule's. */
export function grownRates(
  { schedule, base, batchSize }: DecayedRun,
  { batches, steps }: GrownBatches,
): Float32Array {
  const rates = new Float32Array(steps);
  let at = 0;
  batches.forEach(({ fromStep, batchSize: grown }, i) => {
    const k = grown / batchSize;
    for (let step = fromStep; step < (batches[i + 1]?.fromStep ?? steps); step++, at += k) {
      rates[step] = k * learningRate(schedule, base, at + 1);
    }
  });
  return rates;
}
