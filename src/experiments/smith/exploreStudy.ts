import { z } from 'zod';
import { withDataOptions } from '../../data/dataOptions.ts';
import { type Dataset, fitDataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { distanceBetween } from '../../measure/landscape/flatGeometry.ts';
import { modelPoint } from '../../measure/modelPoint.ts';
import { openPoint } from '../../measure/openPoint.ts';
import { flatValues, namedValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { train } from '../../train/train.ts';
import type { Study } from '../claim.ts';
import type { CellEvent } from '../experiment.ts';
import { perceptronLayers } from '../perceptronLayers.ts';

/**
 * From a unit's initial weights SGD goes for the same time ε·steps at a large rate, at one `cut` times smaller, and at the large rate with
 * batches `cut` times larger, whose noise ε/B is that of the small one. At the large rate it goes once more in another order. Then ε is cut by
 * cut², for as many steps as before or, for comparison, left as it is.
 */
export type ExploreProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly labelNoise: number;
  readonly hidden: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly cut: number;
  readonly steps: number;
  readonly points: number;
  readonly units: number;
  readonly seed: number;
};

export type ExploreCell = Omit<ExploreProtocol, 'units' | 'seed'> & { readonly unit: number };

export const EXPLORE_ARMS = ['large', 'small', 'quiet'] as const;
export type ExploreArm = (typeof EXPLORE_ARMS)[number];

export interface ExploreEvidence {
  /** |θ − θ₀| after the same time. */
  readonly distance: Readonly<Record<ExploreArm, number>>;
  /** Training loss before the cut of ε, after it, and after as many steps without it. */
  readonly loss: { readonly before: number; readonly decayed: number; readonly kept: number };
  /** Training loss along the line from before the cut to after it, and from there to the end of the run in another order. */
  readonly lines: { readonly decay: readonly number[]; readonly orders: readonly number[] };
}

const standard: ExploreProtocol = {
  data: 'mnist?average_pool=4',
  examples: 4096,
  labelNoise: 0.2,
  hidden: 16,
  batchSize: 8,
  lr: 0.2,
  cut: 5,
  steps: 4000,
  points: 11,
  units: 6,
  seed: 1000,
};

const CHART = 'Training loss at the large rate';
const number = z.number();

export const exploreStudy: Study<ExploreProtocol, ExploreCell, ExploreEvidence> = {
  id: 'exploring',
  version: 1,
  presets: { quick: { ...standard, steps: 400, points: 5, units: 2, seed: 0 }, standard },
  parts: {
    data: 'data set of classes, by name or file',
    examples: 'N, drawn by each unit',
    labelNoise: 'share of labels that are replaced',
    hidden: 'units of the perceptron’s hidden layer',
    batchSize: 'B',
    lr: 'ε, the large one',
    cut: 'by which it is smaller, or B larger; the decay cuts it by its square',
    steps: 'at the large rate before the decay, and after it',
    points: 'of each line, its ends included',
    units: 'perceptrons',
    seed: 'of the first',
  },
  series: { [CHART]: { x: { label: 'step' }, y: { label: 'loss', log: true } } },
  evidence: z.strictObject({
    distance: z.strictObject({ large: number, small: number, quiet: number }),
    loss: z.strictObject({ before: number, decayed: number, kept: number }),
    lines: z.strictObject({ decay: z.array(number), orders: z.array(number) }),
  }),

  cells({ units, seed, ...of }) {
    return Array.from({ length: units }, (_, u) => ({ ...of, unit: seed + u }));
  },

  cost({ steps, cut, points, batchSize, examples }) {
    // Four runs of the large rate and its sequels, one of `cut` times as many steps, one of `cut` times larger batches.
    const work = steps * (5 + cut) * (0.0002 + 2e-6 * batchSize) + steps * (0.0002 + 2e-6 * batchSize * cut);
    return { seconds: 1.5 + work + 2 * points * 0.03, bytes: 4 * 200 * examples * 2 + 2 ** 24 };
  },

  async *run(gpu, cell, host) {
    const { unit, examples, labelNoise, lr, cut, steps, batchSize, points } = cell;
    yield { type: 'phase', phase: `unit ${unit}: reading data` };
    const { test: _, ...data } = withDataOptions(await loadDataset(cell.data, host), {
      subset: examples,
      labelNoise,
      dataSeed: deriveSeed(unit, 'data'),
    });
    const of = { model: perceptronLayers(data, cell.hidden), data };
    const order = deriveSeed(unit, 'order');
    const other = deriveSeed((unit + 2 ** 24) >>> 0, 'order');

    yield { type: 'phase', phase: `unit ${unit}: the large rate, and its decay` };
    // Two orders, and the first one twice: only one of these decays.
    const replicas = { orderSeed: [order, order, other] };
    using run = await train(gpu, { ...of, seed: unit, batchSize, lr, steps: 2 * steps, zip: replicas });
    const { model } = run;
    const layout = parameterLayout(model);
    const weightsOf = async (at: typeof run, replica: number): Promise<Float32Array> =>
      flatValues(
        layout,
        new Map(
          [...(await at.stateDict(replica))].map(([name, tensor]) => [name, tensor.data as Float32Array]),
        ),
      );
    const start = await weightsOf(run, 0);
    yield* stepsTo(run, steps, CHART);
    const [before] = [await weightsOf(run, 0)];
    const [at] = await run.evaluate();
    run.setLearningRate(lr / cut ** 2, 0);
    run.setLearningRate(lr / cut ** 2, 2);
    yield* stepsTo(run, 2 * steps, CHART);
    const [decayed, kept] = await run.evaluate();
    const [after, elsewhere] = [await weightsOf(run, 0), await weightsOf(run, 2)];

    yield { type: 'phase', phase: `unit ${unit}: the small rate` };
    using small = await train(gpu, {
      ...of,
      seed: unit,
      orderSeed: order,
      batchSize,
      lr: lr / cut,
      steps: cut * steps,
    });
    yield* stepsTo(small, cut * steps);
    yield { type: 'phase', phase: `unit ${unit}: larger batches` };
    using quiet = await train(gpu, {
      ...of,
      seed: unit,
      orderSeed: order,
      batchSize: cut * batchSize,
      lr,
      steps,
    });
    yield* stepsTo(quiet, steps);
    const [smallEnd, quietEnd] = [await weightsOf(small, 0), await weightsOf(quiet, 0)];

    yield { type: 'phase', phase: `unit ${unit}: along lines` };
    const fitted = fitDataset(data, model, 'model').dataset;
    return {
      distance: {
        large: distanceBetween(before, start),
        small: distanceBetween(smallEnd, start),
        quiet: distanceBetween(quietEnd, start),
      },
      loss: { before: at!.loss, decayed: decayed!.loss, kept: kept!.loss },
      lines: {
        decay: await lossesBetween(gpu, model, fitted, before, after, points),
        orders: await lossesBetween(gpu, model, fitted, after, elsewhere, points),
      },
    };
  },
};

/** Takes a run's steps, telling its losses if a chart is named. */
async function* stepsTo(
  run: Awaited<ReturnType<typeof train>>,
  until: number,
  chart?: string,
): AsyncGenerator<CellEvent, void, void> {
  for await (const { step, replica, loss } of run.readings(until)) {
    if (replica !== 0 || step % 50 !== 0) continue;
    yield { type: 'progress', done: step, total: until, unit: 'steps' };
    if (chart) yield { type: 'series', chart, curve: 'ε', x: step, y: loss };
  }
}

/** The training loss at places evenly spaced from one solution to another. */
async function lossesBetween(
  gpu: Gpu,
  model: ModelSpec,
  dataset: Dataset,
  from: Float32Array,
  to: Float32Array,
  points: number,
): Promise<number[]> {
  const losses: number[] = [];
  for (let k = 0; k < points; k++) {
    const t = k / (points - 1);
    const weights = namedValues(
      parameterLayout(model),
      from.map((value, i) => value + t * (to[i]! - value)),
    );
    const { point, dispose } = openPoint(gpu, { model, mode: 'eval', dataset, weights });
    using at = modelPoint(gpu, point, { dispose });
    losses.push(await at.loss());
  }
  return losses;
}
