import { z } from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import { linear, sequential } from '../../nn/layers.ts';
import { train } from '../../train/train.ts';
import type { Study } from '../claim.ts';
import type { CellEvent } from '../experiment.ts';
import { requireAtLeast } from '../protocol.ts';

/** SGD's ε, m and B. */
export interface SdeSetting {
  readonly lr: number;
  readonly momentum: number;
  readonly batchSize: number;
}

/** Two rates by two batches of plain SGD, one between, and one with momentum of the same ε/(B(1 − m)) as that. */
const SETTINGS: readonly SdeSetting[] = [
  { lr: 0.2, momentum: 0, batchSize: 8 },
  { lr: 0.1, momentum: 0, batchSize: 4 },
  { lr: 0.1, momentum: 0, batchSize: 16 },
  { lr: 0.05, momentum: 0, batchSize: 4 },
  { lr: 0.05, momentum: 0, batchSize: 16 },
  { lr: 0.02, momentum: 0.8, batchSize: 8 },
];

/**
 * Least squares where all moments are known: every combination of signs once, xₖ = ±√hₖ, with y = ±σ that no x tells. Its Hessian is diag(h),
 * its minimum 0, and its noise there Bσ²-proportional to the Hessian: Cov = σ²·diag(h)/B.
 */
export type SdeProtocol = {
  /** hₖ, ascending. */
  readonly curvatures: readonly number[];
  readonly sigma: number;
  readonly steps: number;
  readonly orders: number;
  readonly units: number;
  readonly seed: number;
};

export type SdeCell = SdeSetting & { readonly unit: number } & Omit<SdeProtocol, 'seed'>;

const evidence = z.strictObject({
  /** E θₖ² over all steps after the first tenth and all orders, by unit and direction. */
  units: z.array(z.array(z.number().positive())),
});
export type SdeEvidence = z.output<typeof evidence>;

const standard: SdeProtocol = {
  curvatures: [0.125, 0.2, 0.3, 0.45, 0.7, 1],
  sigma: 1,
  steps: 20_000,
  orders: 16,
  units: 8,
  seed: 1000,
};

export const sdeStudy: Study<SdeProtocol, SdeCell, SdeEvidence> = {
  id: 'stationary-variance',
  version: 1,
  presets: { quick: { ...standard, steps: 2000, orders: 4, units: 2, seed: 0 }, standard },
  parts: {
    curvatures: 'h of the quadratic, ascending',
    sigma: 'standard deviation of the targets',
    steps: 'of every run, of which the first tenth is left to forget the start',
    orders: 'runs of a unit, over which its variance is averaged',
    units: 'sets of runs with weights at the start and draws of their own',
    seed: 'of the first unit',
  },
  evidence,
  cells({ seed, ...rest }) {
    const { curvatures, units, steps } = rest;
    requireAtLeast({ id: 'stationary-variance' }, 2, { curvatures, units });
    requireAtLeast({ id: 'stationary-variance' }, 100, { steps });
    return SETTINGS.map((setting) => ({ ...setting, unit: seed, ...rest }));
  },
  cost: ({ steps, units, orders, batchSize }) => ({
    seconds: 0.3 + steps * (0.0001 + units * orders * (1e-5 + 3.5e-7 * batchSize)),
    bytes: 2 ** 20 + units * orders * 4096,
  }),
  async *run(gpu, cell): AsyncGenerator<CellEvent, SdeEvidence, void> {
    const { lr, momentum, batchSize, steps, orders, curvatures } = cell;
    const runs = Array.from(
      { length: cell.units * orders },
      (_, r) => (cell.unit + Math.floor(r / orders)) * 1000 + (r % orders),
    );
    yield { type: 'phase', phase: `ε ${lr}, m ${momentum}, B ${batchSize}` };
    using run = await train(gpu, {
      model: sequential(linear(curvatures.length, 1, { bias: false })),
      loss: 'mse',
      data: signDesign(cell),
      order: 'iid',
      steps,
      batchSize,
      lr,
      momentum,
      averaging: { kind: 'swag', start: Math.ceil(steps / 10) },
      grid: { seed: runs },
    });
    for await (const { step, settings } of run.readings()) {
      if (step % 200 === 0 && settings.seed === runs[0])
        yield { type: 'progress', done: step, total: steps, unit: 'steps' };
    }
    const squares: number[][] = [];
    for (const r of runs.keys()) {
      const mean = (await run.stateDict(r, { which: 'averaged' })).get('0.weight')!.data;
      const variance = (await run.captureVariance(r)).get('0.weight')!.data;
      // About the known minimum, 0: the mean of a run is a draw itself.
      squares.push(curvatures.map((_, k) => Number(variance[k]) + Number(mean[k]) ** 2));
      yield { type: 'progress', done: r + 1, total: runs.length, unit: 'draws' };
    }
    return {
      units: Array.from({ length: cell.units }, (_, u) =>
        curvatures.map((_, k) => {
          const own = squares.slice(u * orders, (u + 1) * orders);
          return own.reduce((sum, of) => sum + of[k]!, 0) / orders;
        }),
      ),
    };
  },
};

/** (w·x − y)² has twice the gradient of the half square: inputs and targets are √2 smaller. */
function signDesign({ curvatures, sigma }: Pick<SdeProtocol, 'curvatures' | 'sigma'>): Dataset {
  const width = curvatures.length;
  const examples = 2 ** (width + 1);
  const sign = (example: number, bit: number): number => ((example >> bit) & 1 ? 1 : -1);
  const x = Float32Array.from({ length: examples * width }, (_, i) => {
    const k = i % width;
    return sign(Math.floor(i / width), k) * Math.sqrt(curvatures[k]! / 2);
  });
  const y = Float32Array.from({ length: examples }, (_, i) => (sign(i, width) * sigma) / Math.SQRT2);
  return { name: 'signs', x, exampleShape: [width], targets: { kind: 'values', y, width: 1 }, examples };
}

/**
 * E θₖ² of SGD on the sign design that has forgotten its start, exactly. The gradient's variance along k is (hₖ(S + σ²) − hₖ²Mₖ)/B with
 * S = Σ hⱼMⱼ, since the noise of least squares grows with the distance from the minimum; and a variance v of the gradient makes one of
 * qₖv of θ, q = ε(1 + m)/(h(1 − m)(2(1 + m) − εh)).
 */
export function exactVariances(
  { lr, momentum, batchSize }: SdeSetting,
  { curvatures, sigma }: SdeProtocol,
): number[] {
  const ratios = curvatures.map((h) => {
    const q = (lr * (1 + momentum)) / (h * (1 - momentum) * (2 * (1 + momentum) - lr * h));
    return (q * h) / (batchSize + q * h * h);
  });
  const share = ratios.reduce((sum, ratio, k) => sum + ratio * curvatures[k]!, 0);
  return ratios.map((ratio) => (ratio * sigma ** 2) / (1 - share));
}

/** What noise of the same trace, alike in all directions, would make of it. */
export function isotropicVariances(setting: SdeSetting, protocol: SdeProtocol): number[] {
  const { lr, momentum, batchSize } = setting;
  const { curvatures, sigma } = protocol;
  const exact = exactVariances(setting, protocol);
  const s = exact.reduce((sum, variance, k) => sum + variance * curvatures[k]!, 0);
  const noise = curvatures.map((h, k) => (h * (s + sigma ** 2) - h * h * exact[k]!) / batchSize);
  const mean = noise.reduce((sum, variance) => sum + variance, 0) / noise.length;
  return curvatures.map(
    (h) => (mean * lr * (1 + momentum)) / (h * (1 - momentum) * (2 * (1 + momentum) - lr * h)),
  );
}
