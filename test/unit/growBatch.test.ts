import { expect, test } from 'vitest';
import { growBatches, grownRates } from '../../src/optim/growBatch.ts';
import { learningRate, type Schedule } from '../../src/optim/schedule.ts';

/** CIFAR-10 of Smith et al. 2018: 200 epochs of 50,000 examples, ε cut to a fifth after 60, 120 and 160. */
const epochs = (count: number, batchSize: number): number => Math.round((count * 50_000) / batchSize);
function paper(batchSize: number, base: number) {
  const steps = epochs(200, batchSize);
  const cuts = [60, 120, 160].map((count) => epochs(count, batchSize));
  const values = Array.from({ length: steps }, (_, s) => base / 5 ** cuts.filter((cut) => cut <= s).length);
  return { schedule: { type: 'table', values } as const, base, batchSize, steps };
}

test('the updates of Smith et al. 2018 are those of the arithmetic', () => {
  // 78,125 updates with decay; Σ epochs·N/B, each stage a last batch more at most (papers: 28,875; 29,141 with the cap).
  const free = growBatches(paper(128, 0.1), 16_000);
  expect(free.batches.map(({ batchSize }) => batchSize)).toEqual([128, 640, 3200, 16_000]);
  expect(Math.abs(free.steps - 28_875)).toBeLessThanOrEqual(4);
  const capped = growBatches(paper(128, 0.1), 5120);
  expect(capped.batches.map(({ batchSize }) => batchSize)).toEqual([128, 640, 3200, 5120]);
  expect(Math.abs(capped.steps - 29_141)).toBeLessThanOrEqual(4);
  const rates = grownRates(paper(128, 0.1), capped);
  // After the cap ε is cut as scheduled: 5 times, of which B took 5120/3200.
  expect(rates[0]).toBeCloseTo(0.1, 6);
  expect(rates.at(-1)).toBeCloseTo((0.1 * 40) / 125, 6);
  const faster = growBatches(paper(640, 0.5), 5120);
  expect(Math.abs(faster.steps - 6406)).toBeLessThanOrEqual(5);
});

const SCHEDULES: readonly [what: string, schedule: Schedule][] = [
  ['cut to a tenth', { type: 'step', step_size: 40, gamma: 0.1 }],
  ['cut to 0.3, no whole multiple', { type: 'step', step_size: 30, gamma: 0.3 }],
  ['cut a little at a time', { type: 'cosine', T_max: 200, eta_min: 0 }],
  ['cut and raised again', { type: 'cosine_restarts', T_0: 40, T_mult: 2, eta_min: 0.001, warmup: 10 }],
];

test.for(SCHEDULES)('ε/B at each example is the schedule’s: %s', ([, schedule]) => {
  const run = { schedule, base: 0.2, batchSize: 8, steps: 200 };
  const grown = growBatches(run, 80);
  const rates = grownRates(run, grown);
  expect(rates).toHaveLength(grown.steps);
  let drawn = 0;
  let peak = 0;
  for (let step = 0; step < grown.steps; step++) {
    const { batchSize } = grown.batches.findLast(({ fromStep }) => fromStep <= step)!;
    const scheduled = learningRate(schedule, 0.2, drawn / 8 + 1);
    expect(rates[step]! / batchSize).toBeCloseTo(scheduled / 8, 8);
    expect(batchSize % 8).toBe(0);
    expect(batchSize).toBeLessThanOrEqual(80);
    // No rate is above the largest that the schedule has had.
    for (let s = 0; s <= drawn / 8; s++) peak = Math.max(peak, learningRate(schedule, 0.2, s + 1));
    expect(rates[step]).toBeLessThanOrEqual(peak * (1 + 1e-6));
    drawn += batchSize;
  }
  // All examples of the schedule, and less than a batch more.
  expect(drawn).toBeGreaterThanOrEqual(200 * 8);
  expect(drawn).toBeLessThan(200 * 8 + grown.batches.at(-1)!.batchSize);
  expect(grown.steps).toBeLessThan(200);
});

test('what is no whole multiple stays cut of the rate, and a schedule that never falls leaves all as it is', () => {
  const run = {
    base: 1,
    batchSize: 10,
    steps: 40,
    schedule: { type: 'step', step_size: 10, gamma: 0.3 },
  } as const;
  const grown = growBatches(run, 1000);
  expect(grown.batches.map(({ batchSize }) => batchSize)).toEqual([10, 30, 110, 370]);
  expect(grownRates(run, grown)[10]).toBeCloseTo(0.9, 6);
  expect(growBatches({ ...run, schedule: { type: 'constant' } }, 1000)).toEqual({
    batches: [{ fromStep: 0, batchSize: 10 }],
    steps: 40,
  });
  // Below 2 nothing grows until two cuts are.
  const slow = growBatches({ ...run, schedule: { type: 'step', step_size: 10, gamma: 0.7 } }, 1000);
  expect(slow.batches.map(({ batchSize }) => batchSize)).toEqual([10, 20]);
});
