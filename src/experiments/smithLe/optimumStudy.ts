import { z } from 'zod';
import { firstExamples } from '../../data/firstExamples.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { train } from '../../train/train.ts';
import type { Study } from '../claim.ts';
import type { CellEvent } from '../experiment.ts';
import { perceptronLayers } from '../perceptronLayers.ts';
import { refused, requireAtLeast } from '../protocol.ts';

/** What of SGD and data a curve of test accuracy over B is at. */
export interface Setting {
  readonly lr: number;
  readonly momentum: number;
  /** N. */
  readonly examples: number;
}

/**
 * Test accuracy over one grid of B, at several ε, N and m. What is held fixed is ε·updates/(1 − m): the time of Smith & Le's
 * stochastic differential equation. So each curve is of the same time and the same grid, and only what is asked about differs.
 */
export type OptimumProtocol = {
  readonly data: string;
  readonly labelNoise: number;
  readonly hidden: number;
  readonly time: number;
  readonly batches: readonly number[];
  readonly rates: readonly number[];
  readonly sizes: readonly number[];
  readonly momenta: readonly number[];
  readonly lr: number;
  readonly examples: number;
  readonly tested: number;
  readonly orders: number;
  readonly units: number;
  readonly block: number;
  readonly seed: number;
};

/** All curves of some units at one setting. */
export type OptimumCell = Setting & {
  /** The first. */
  readonly unit: number;
  readonly units: number;
} & Pick<OptimumProtocol, 'data' | 'labelNoise' | 'hidden' | 'time' | 'batches' | 'tested' | 'orders'>;

/** By B and order; null where it diverged. */
const curve = z.array(z.array(z.number().nullable()));
const evidence = z.strictObject({
  units: z.array(
    z.strictObject({
      seed: z.int().nonnegative(),
      /** Share of the test images that are told right, and the mean cross-entropy over them. */
      accuracy: curve,
      testLoss: curve,
    }),
  ),
});
export type OptimumEvidence = z.output<typeof evidence>;

const standard: OptimumProtocol = {
  data: 'mnist?average_pool=2',
  labelNoise: 0.4,
  hidden: 32,
  time: 240,
  batches: [2, 4, 8, 16, 32, 64, 128],
  rates: [0.1, 0.2, 0.4, 0.8],
  sizes: [500, 1000, 2000],
  momenta: [0, 0.5, 0.75, 0.875],
  lr: 0.2,
  examples: 1000,
  tested: 4000,
  orders: 3,
  units: 16,
  block: 4,
  seed: 1000,
};

const CHART = 'Test accuracy over the batch size';

export const optimumStudy: Study<OptimumProtocol, OptimumCell, OptimumEvidence> = {
  id: 'batch-size-curves',
  version: 1,
  presets: {
    quick: {
      ...standard,
      time: 80,
      batches: [2, 4, 8, 16, 32, 64],
      rates: [0.2, 0.8],
      sizes: [500, 1000],
      momenta: [0, 0.75],
      tested: 1000,
      orders: 1,
      units: 2,
      block: 2,
      seed: 0,
    },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    labelNoise: 'probability with which a label is replaced by another one',
    hidden: 'units of the perceptron’s hidden layer',
    time: 'ε·updates/(1 − m) of every run',
    batches: 'B, one grid for all curves',
    rates: 'ε of the curves without momentum',
    sizes: 'N of the curves over the size of the training set',
    momenta: 'm of the curves with momentum, at the smallest ε',
    lr: 'ε of the curves over N',
    examples: 'N of all other curves',
    tested: 'test images, the first',
    orders: 'orders of examples over which a unit’s accuracy is averaged',
    units: 'trunks: each with its own subset, wrong labels, initial weights and orders',
    block: 'units of a cell, the replicas of a program',
    seed: 'of the first unit',
  },
  series: { [CHART]: { x: { label: 'B', log: true }, y: { label: 'test accuracy' } } },
  evidence,

  cells(protocol) {
    const { units, block, seed, batches, rates, momenta } = protocol;
    requireAtLeast({ id: 'batch-size-curves' }, 3, { batches });
    requireAtLeast({ id: 'batch-size-curves' }, 2, { rates, sizes: protocol.sizes, momenta, units });
    if (momenta.some((m) => m >= 1)) {
      const found = `are ${momenta.join(', ')}, expected below 1`;
      throw refused({ id: 'batch-size-curves' }, 'momenta', found);
    }
    const { data, labelNoise, hidden, time, tested, orders } = protocol;
    return settingsOf(protocol).flatMap((setting) =>
      Array.from({ length: Math.ceil(units / block) }, (_, b) => ({
        ...setting,
        unit: seed + b * block,
        units: Math.min(block, units - b * block),
        ...{ data, labelNoise, hidden, time, batches, tested, orders },
      })),
    );
  },

  /** Milliseconds of a step of one replica: of its dispatches, and of each of its examples. */
  cost({ lr, momentum, time, units, orders, batches, tested, examples }) {
    const replicas = units * orders;
    const step = batches.reduce((sum, b) => sum + 0.12 + 0.012 * b, 0);
    const seconds = (stepsOf({ lr, momentum }, time) * replicas * step) / 1000;
    const looks = batches.length * replicas * tested * 6e-6;
    return { seconds: seconds + looks + 2, bytes: 4 * 200 * (units * examples + tested + 20_000 * replicas) };
  },

  async *run(gpu, cell, host): AsyncGenerator<CellEvent, OptimumEvidence, void> {
    const { lr, momentum, examples, labelNoise, batches, orders } = cell;
    yield { type: 'phase', phase: 'reading data' };
    const { test, ...data } = await loadDataset(cell.data, host);
    if (!test)
      throw refused({ id: 'batch-size-curves' }, 'data', `${cell.data} has no test part, expected one`);
    const tests = firstExamples(test, cell.tested);
    const seeds = Array.from({ length: cell.units }, (_, u) => cell.unit + u);
    const replicas = seeds.flatMap((seed) => Array.from({ length: orders }, (_, o) => ({ seed, order: o })));
    const found = seeds.map((seed) => ({
      seed,
      accuracy: [] as (number | null)[][],
      testLoss: [] as (number | null)[][],
    }));
    const steps = stepsOf(cell, cell.time);
    const curveName = `ε ${lr}, m ${momentum}, N ${examples}`;
    for (const [b, batchSize] of batches.entries()) {
      yield { type: 'phase', phase: `training with batches of ${batchSize} at ${curveName}` };
      using run = await train(gpu, {
        model: perceptronLayers(data, cell.hidden),
        data,
        subset: examples,
        labelNoise,
        steps,
        batchSize,
        lr,
        momentum,
        // The orders of a unit share its weights at the start, its subset and its labels.
        zip: {
          seed: replicas.map(({ seed }) => seed),
          orderSeed: replicas.map(({ seed, order }) => orderSeedOf(seed, order)),
        },
      });
      for await (const { step } of run.readings()) {
        const done = (b + step / steps) * steps;
        if (step % 25 === 0)
          yield { type: 'progress', done: Math.round(done), total: batches.length * steps, unit: 'steps' };
      }
      const looks = (await run.evaluate(tests)).map(({ loss, accuracy }, r) =>
        run.diverged(r) || !Number.isFinite(loss) ? { loss: null, accuracy: null } : { loss, accuracy },
      );
      for (const [u, unit] of found.entries()) {
        const own = looks.slice(u * orders, (u + 1) * orders);
        unit.accuracy.push(own.map(({ accuracy }) => accuracy));
        unit.testLoss.push(own.map(({ loss }) => loss));
      }
      const known = looks.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy]));
      const y = known.reduce((sum, accuracy) => sum + accuracy, 0) / known.length;
      if (known.length > 0) yield { type: 'series', chart: CHART, curve: curveName, x: batchSize, y };
    }
    return { units: found };
  },
};

/** Every setting once: curves over ε, over N and over m, some of which are the same. */
function settingsOf(protocol: OptimumProtocol): Setting[] {
  const all = [...rateSettings(protocol), ...sizeSettings(protocol), ...momentumSettings(protocol)];
  return all.filter((setting, i) => all.findIndex((other) => sameSetting(setting, other)) === i);
}

/** Whether two settings are one. */
export function sameSetting(one: Setting, other: Setting): boolean {
  return one.lr === other.lr && one.momentum === other.momentum && one.examples === other.examples;
}

/** Curves at several ε, without momentum. */
export function rateSettings({ rates, examples }: OptimumProtocol): Setting[] {
  return rates.map((lr) => ({ lr, momentum: 0, examples }));
}

/** Curves at several N. */
export function sizeSettings({ sizes, lr }: OptimumProtocol): Setting[] {
  return sizes.map((examples) => ({ lr, momentum: 0, examples }));
}

/** Curves at several m, at the smallest ε. */
export function momentumSettings({ momenta, rates, examples }: OptimumProtocol): Setting[] {
  return momenta.map((momentum) => ({ lr: rates[0]!, momentum, examples }));
}

/** Updates in the time of a protocol. */
function stepsOf({ lr, momentum }: Pick<Setting, 'lr' | 'momentum'>, time: number): number {
  return Math.round((time * (1 - momentum)) / lr);
}

/** The first order is the one that follows from the seed; the others are of seeds that no unit has. */
function orderSeedOf(seed: number, order: number): number {
  return deriveSeed((seed + order * 2 ** 24) >>> 0, 'order');
}
