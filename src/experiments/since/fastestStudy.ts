import { z } from 'zod';
import { withDataOptions } from '../../data/dataOptions.ts';
import type { Gpu } from '../../gpu/device.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { Study } from '../claim.ts';
import { relay } from '../relay.ts';
import { perceptronTrunk, type Trunk } from '../sgdTrunk.ts';
import { openGoalRuns, stepsToGoal } from './goalRuns.ts';

/**
 * How long training takes to a loss at each batch size, predicted and timed. By other runs, with seeds of their own, the best ε of a grid at each
 * B and the steps that it takes are found; a step of each B is timed by itself. Then the unit's own run at that ε is taken to the goal twice: once with looks at
 * the loss, which say after how many steps it is there, and once for just so many steps without a look, timed from an idle device to an idle one. All steps
 * are taken op by op. Times are of the machine: its evidence differs from run to run.
 */
export type FastestProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly hidden: number;
  readonly goal: number;
  readonly evaluated: number;
  readonly batchSizes: readonly number[];
  readonly rates: readonly number[];
  readonly scouts: number;
  readonly most: number;
  readonly units: number;
  readonly seed: number;
};

export type FastestCell = Omit<FastestProtocol, 'units' | 'seed'> & { readonly unit: number };

/** What was found at one batch size; null where a run did not come to its goal. */
export interface AtBatchSize {
  readonly batchSize: number;
  /** The best ε of the grid, and whether a better one may lie beyond it. */
  readonly rate: number;
  readonly atEdge: boolean;
  /** Steps of each of the other runs at that ε. */
  readonly scouted: readonly number[] | null;
  /** Seconds of a step by itself. */
  readonly stepSeconds: number;
  /** Steps of the unit's own run, and the seconds they took. */
  readonly steps: number | null;
  readonly seconds: number | null;
}

export interface FastestEvidence {
  readonly sizes: readonly AtBatchSize[];
}

const STANDARD: FastestProtocol = {
  data: 'mnist?average_pool=2',
  examples: 4096,
  hidden: 32,
  goal: 0.25,
  evaluated: 1024,
  batchSizes: [8, 16, 32, 64, 128, 256, 512, 1024],
  rates: [0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
  scouts: 2,
  most: 4000,
  units: 6,
  seed: 1000,
};

/** Seconds that steps by themselves are timed for, in so many pieces. */
const TIMED = 0.3;
const PIECES = 5;
/** Timed runs to the goal, of which the shortest counts. */
const REPEATS = 3;

export const fastestStudy: Study<FastestProtocol, FastestCell, FastestEvidence> = {
  id: 'fastest-batch',
  version: 1,
  presets: {
    quick: { ...STANDARD, goal: 0.5, batchSizes: [16, 64, 256, 1024], scouts: 1, units: 2, seed: 0 },
    standard: STANDARD,
  },
  parts: {
    data: 'data set, by name or file',
    examples: 'of the training data, drawn by each unit',
    hidden: 'units of the perceptron’s hidden layer',
    goal: 'training loss that ends a run',
    evaluated: 'examples, the first, whose loss that is',
    batchSizes: 'B',
    rates: 'ε, of which each B has its best',
    scouts: 'runs with other seeds, by which ε and the steps are predicted',
    most: 'steps of a run at the most',
    units: 'sets of runs',
    seed: 'of the first',
  },
  evidence: z.strictObject({
    sizes: z.array(
      z.strictObject({
        batchSize: z.int().positive(),
        rate: z.number(),
        atEdge: z.boolean(),
        scouted: z.array(z.number()).nullable(),
        stepSeconds: z.number(),
        steps: z.number().nullable(),
        seconds: z.number().nullable(),
      }),
    ),
  }),
  cells({ units, seed, ...of }) {
    return Array.from({ length: units }, (_, u) => ({ ...of, unit: seed + u }));
  },
  cost({ batchSizes, rates, scouts, examples, hidden }) {
    const runs = rates.length * scouts + 1 + REPEATS;
    // Of a hyperbola as the pilot's, of 150 steps at the least and a critical batch of 60.
    const drawn = batchSizes.reduce((sum, batchSize) => sum + 150 * (batchSize + 60), 0);
    return {
      seconds: 5 + batchSizes.length * (TIMED + 1.7) + 2.6e-7 * runs * drawn * hidden,
      bytes: 8 * examples * 200 + 4 * rates.length * scouts * 1024 * hidden * 4,
    };
  },
  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const { data, examples, hidden, unit, batchSizes } = cell;
    const all = await perceptronTrunk(data, hidden, host);
    const drawn = withDataOptions(all.dataset, { subset: examples, dataSeed: deriveSeed(unit, 'data') });
    const trunk = { model: all.model, dataset: drawn };
    const sizes: AtBatchSize[] = [];
    for (const batchSize of batchSizes) {
      yield { type: 'phase', phase: `B = ${batchSize}` };
      sizes.push(
        yield* relay(atBatchSize(gpu, trunk, cell, batchSize), function* (done) {
          yield { type: 'progress' as const, done, total: cell.most, unit: 'steps' as const };
        }),
      );
    }
    return { sizes };
  },
};

async function* atBatchSize(
  gpu: Gpu,
  trunk: Trunk,
  { rates, scouts, goal, evaluated, most, unit }: FastestCell,
  batchSize: number,
): AsyncGenerator<number, AtBatchSize, void> {
  const to = { batchSize, goal, evaluated, most };
  const others = Array.from(
    { length: scouts },
    (_, i) => threefry2x32(unit, purpose.experimentPart, 1 + i, 0)[0],
  );
  const tried = rates.flatMap((rate) => others.map((seed) => ({ rate, seed })));
  const ofRate = (reached: readonly (number | null)[], i: number) =>
    reached.slice(i * scouts, (i + 1) * scouts);
  // The best rate is the one at which all runs are there first: the others need not come to an end.
  const enough = (reached: readonly (number | null)[]): boolean =>
    rates.some((_, i) => ofRate(reached, i).every((steps) => steps !== null));
  const reached = yield* stepsToGoal(gpu, trunk, { ...to, runs: tried, enough });
  const last = (i: number): number =>
    Math.max(...ofRate(reached, i).map((steps) => steps ?? Number.POSITIVE_INFINITY));
  const order = rates.map((_, i) => i).sort((a, b) => last(a) - last(b) || a - b);
  const best = order[0]!;
  const found = ofRate(reached, best);
  const scouted = found.some((steps) => steps === null) ? null : (found as number[]);
  const rate = rates[best]!;
  const own = [{ rate, seed: unit }];
  const [steps] = yield* stepsToGoal(gpu, trunk, { ...to, runs: own });
  const stepSeconds = await secondsOfStep(gpu, trunk, batchSize, own);
  const seconds = steps === null ? null : await secondsOfRun(gpu, trunk, batchSize, own, steps!);
  const atEdge = best === 0 || best === rates.length - 1;
  return { batchSize, rate, atEdge, scouted, stepSeconds, steps: steps!, seconds };
}

/** Seconds of a step by the shortest of several pieces: what disturbs only adds. */
async function secondsOfStep(
  gpu: Gpu,
  trunk: Trunk,
  batchSize: number,
  runs: readonly { readonly rate: number; readonly seed: number }[],
): Promise<number> {
  const most = 100_000;
  using run = await openGoalRuns(gpu, trunk, { batchSize, runs }, most);
  const take = (count: number) =>
    timed(gpu, async () => {
      for await (const _ of run.steps(Math.min(most, run.submitted + count)));
    });
  await take(20);
  const rough = (await take(20)) / 20;
  const count = Math.max(10, Math.min(2000, Math.round(TIMED / PIECES / rough)));
  const pieces: number[] = [];
  for (let piece = 0; piece < PIECES; piece++) pieces.push((await take(count)) / count);
  return Math.min(...pieces);
}

/** Seconds of a run of so many steps, a part of one counting in proportion; the shortest of some. */
async function secondsOfRun(
  gpu: Gpu,
  trunk: Trunk,
  batchSize: number,
  runs: readonly { readonly rate: number; readonly seed: number }[],
  steps: number,
): Promise<number> {
  const whole = Math.max(1, Math.round(steps));
  const found: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    using run = await openGoalRuns(gpu, trunk, { batchSize, runs }, whole);
    const seconds = await timed(gpu, async () => {
      for await (const _ of run.steps());
    });
    found.push((seconds * steps) / whole);
  }
  return Math.min(...found);
}

async function timed(gpu: Gpu, work: () => Promise<void>): Promise<number> {
  await gpu.device.queue.onSubmittedWorkDone();
  const from = performance.now();
  await work();
  await gpu.device.queue.onSubmittedWorkDone();
  return (performance.now() - from) / 1000;
}
