import { hostIndices } from '../../data/sampler.ts';
import { syntheticDataset } from '../../data/synthetic.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';
import type { BenchCase } from '../benchCase.ts';

/** A sweep that is timed, without its inputs. `times` is the shorter of the two run lengths, in steps; a sample takes both. */
export interface SweepCase extends BenchCase {
  readonly kind: 'sweep';
  /** 20-64-64-10: inputs, hidden layers with ReLU, classes. */
  readonly widths: readonly number[];
  /** B. */
  readonly batch: number;
  readonly momentum: number;
  /** R: runs in one program. */
  readonly replicas: number;
}

/**
 * R runs of one perceptron on one data set, apart in learning rate, initial weights and order of examples. The result is
 * each run's mini-batch loss at the last of the first `times` steps, before that step's update.
 */
export interface SweepTask extends SweepCase {
  readonly model: ModelSpec;
  readonly examples: number;
  /** [examples, inputs]. */
  readonly x: Float32Array;
  /** [examples], class indices. */
  readonly labels: Uint32Array;
  /** One-hot, [examples, classes]. */
  readonly y: Float32Array;
  /** ε of each run. */
  readonly rates: Float32Array;
  /** Of each run's order: the engine's own shuffle gives `order`. */
  readonly seeds: readonly number[];
  /** [ORDERED, R, B]: the examples of the first steps. Whoever does not sample begins anew behind them. */
  readonly order: Int32Array;
  /** Of each layer, all runs' [R, out, in], and biases [R, out]. */
  readonly weights: readonly Float32Array[];
  readonly biases: readonly Float32Array[];
}

/** Steps whose examples are given. */
export const ORDERED = 64;

const EXAMPLES = 2048;
const CLASSES = 10;
const MOMENTUM = 0.9;
/** At so many replicas a run of this many steps is the shorter one. */
const SHORT: ReadonlyMap<number, number> = new Map([
  [1, 20],
  [4, 10],
  [16, 4],
  [64, 2],
]);

const NETS: readonly { readonly widths: readonly number[]; readonly batch: number }[] = [
  { widths: [20, 64, 64, 10], batch: 8 },
  { widths: [20, 64, 64, 10], batch: 32 },
  { widths: [196, 32, 10], batch: 32 },
];

/** Plain SGD at every R, and momentum at both ends. */
export const SWEEP_CASES: readonly SweepCase[] = NETS.flatMap((net) =>
  [0, MOMENTUM].flatMap((momentum) =>
    [...SHORT].flatMap(([replicas, times]) =>
      momentum === 0 || replicas === 1 || replicas === 64
        ? [sweepCase(net.widths, net.batch, momentum, replicas, times)]
        : [],
    ),
  ),
);

function sweepCase(
  widths: readonly number[],
  batch: number,
  momentum: number,
  replicas: number,
  times: number,
): SweepCase {
  const key = `sweep ${widths.join('-')} B=${batch}${momentum ? ' momentum' : ''} R=${replicas}`;
  return { key, kind: 'sweep', times, rounds: 3, tolerance: 1e-4, widths, batch, momentum, replicas };
}

/**
 * A sweep with its inputs; the same bits on each call.
 * @throws if no sweep has that key
 */
export function sweepTask(key: string): SweepTask {
  const found = SWEEP_CASES.find((each) => each.key === key);
  if (!found) throw new Error(`no sweep is called ${key}`);
  const { widths, batch, replicas } = found;
  const inputs = widths[0]!;
  const { x, targets } = syntheticDataset(
    `gaussian-clusters?examples=${EXAMPLES}&test=0&dims=${inputs}&classes=${CLASSES}`,
  );
  if (targets.kind !== 'classes') throw new Error('the data set has no classes');
  const { labels } = targets;
  const y = new Float32Array(EXAMPLES * CLASSES);
  labels.forEach((label, n) => {
    y[n * CLASSES + label] = 1;
  });
  const model = parseModel('sweep', { layers: layersOf(widths), loss: 'cross_entropy' });
  const seeds = Array.from({ length: replicas }, (_, r) => r + 1);
  const drawn = seeds.map((seed) => [...initialStateDict(model, seed).values()].map(({ data }) => data));
  const stacked = (which: number): Float32Array[] =>
    widths.slice(1).map((_, layer) => concatenated(drawn.map((tensors) => tensors[2 * layer + which]!)));
  return {
    ...found,
    model,
    examples: EXAMPLES,
    x: Float32Array.from(x),
    labels,
    y,
    rates: Float32Array.from(seeds, (seed) => 0.02 + (0.03 * seed) / replicas),
    seeds,
    order: orderOf(seeds, batch),
    weights: stacked(0),
    biases: stacked(1),
  };
}

function layersOf(widths: readonly number[]): object[] {
  return widths
    .slice(1)
    .flatMap((width, l) => [
      ...(l > 0 ? [{ type: 'ReLU' }] : []),
      { type: 'Linear', in_features: widths[l], out_features: width },
    ]);
}

function orderOf(seeds: readonly number[], batchSize: number): Int32Array {
  const order = new Int32Array(ORDERED * seeds.length * batchSize);
  for (let step = 0; step < ORDERED; step++) {
    const place = step * batchSize;
    const cursor = { epoch: Math.floor(place / EXAMPLES), offset: place % EXAMPLES };
    seeds.forEach((seed, r) => {
      const batch = hostIndices({ mode: 'shuffle', examples: EXAMPLES, batchSize, step, seed, ...cursor });
      order.set(batch, (step * seeds.length + r) * batchSize);
    });
  }
  return order;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
