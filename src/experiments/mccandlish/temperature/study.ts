import { z } from 'zod';
import { loadDataset } from '../../../data/loadDataset.ts';
import type { GivenTensors } from '../../../nn/givenTensors.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { requireAtLeast } from '../../protocol.ts';
import { type NoiseAt, noiseAt, noiseAtParts } from '../noiseAt.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * B_simple on the plateau of SGD at several temperatures ε/B. Some labels are wrong, so that the loss does not go to zero and the
 * gradient of all examples comes to what noise keeps it at. A unit trains at the highest temperature first; from there every arm goes on: at
 * a rate of its own and the same B, or, the control, with ε and B multiplied together. Over the second half of its steps |G|² and tr Σ of
 * all its examples are averaged.
 */
export type TemperatureProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly examples: number;
  readonly labelNoise: number;
  readonly batchSize: number;
  readonly rates: readonly number[];
  readonly multiples: readonly number[];
  readonly multipliedLr: number;
  readonly warmup: number;
  readonly steps: number;
  readonly looks: number;
  readonly units: number;
  readonly seed: number;
};

export type TemperatureCell = Omit<TemperatureProtocol, 'units' | 'seed'> & { readonly unit: number };

/** A run at one temperature: looks at all its examples on the way. */
export interface TemperatureRun {
  readonly lr: number;
  readonly batchSize: number;
  readonly looks: readonly (NoiseAt & { readonly step: number })[];
}

export interface TemperatureEvidence {
  /** Of one B, by ε. */
  readonly cooled: readonly TemperatureRun[];
  /** ε and B multiplied together. */
  readonly multiplied: readonly TemperatureRun[];
}

const standard: TemperatureProtocol = {
  data: 'mnist?average_pool=4',
  hidden: 16,
  examples: 4096,
  labelNoise: 0.2,
  batchSize: 8,
  rates: [0.0125, 0.025, 0.05, 0.1, 0.2],
  multiples: [1, 2, 4],
  multipliedLr: 0.05,
  warmup: 2000,
  steps: 6000,
  looks: 24,
  units: 12,
  seed: 1000,
};

const run = z.strictObject({
  lr: z.number(),
  batchSize: z.int().positive(),
  looks: z.array(z.strictObject({ step: z.int().positive(), ...noiseAtParts })),
}) satisfies z.ZodType<TemperatureRun>;

export const temperatureStudy: Study<TemperatureProtocol, TemperatureCell, TemperatureEvidence> = {
  id: 'temperature-plateaus',
  version: 1,
  presets: {
    quick: {
      ...standard,
      rates: [0.05, 0.1, 0.2],
      multiples: [1, 2],
      warmup: 1000,
      steps: 1500,
      looks: 12,
      units: 2,
      seed: 0,
    },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    hidden: 'units of the perceptron’s hidden layer',
    examples: 'N that a run trains on',
    labelNoise: 'share of labels that are replaced by others',
    batchSize: 'B of the runs at several ε',
    rates: 'ε of the arms',
    multiples: 'of ε and B together, the control’s arms',
    multipliedLr: 'ε of its first arm',
    warmup: 'steps at the largest ε that all arms start from',
    steps: 'of each arm',
    looks: 'at each arm, evenly over its steps',
    units: 'replicates of all arms',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({ cooled: z.array(run), multiplied: z.array(run) }),
  cells({ units, seed, ...rest }) {
    requireAtLeast(temperatureStudy, 2, {
      units,
      rates: rest.rates,
      multiples: rest.multiples,
      looks: rest.looks,
    });
    return Array.from({ length: units }, (_, u) => ({ unit: seed + u, ...rest }));
  },
  cost: ({ warmup, steps, looks, rates, multiples }) => ({
    seconds: 1 + 0.0003 * warmup + 0.0011 * steps + 0.04 * looks * (rates.length + multiples.length),
    bytes: 2 ** 26,
  }),

  async *run(gpu, cell, host) {
    const { unit, data, hidden, batchSize, rates, multiples, multipliedLr, warmup, steps, looks } = cell;
    const { train: own } = unitData(await loadDataset(data, host), cell);
    const model = perceptron(own, hidden);
    const all = { model, data: own, order: 'iid' as const };
    yield { type: 'phase', phase: `unit ${unit}: the start of all arms` };
    using start = await train(gpu, { ...all, batchSize, lr: rates.at(-1)!, steps: warmup, seed: unit });
    for await (const reading of start.readings()) {
      if (reading.step % 100 === 0)
        yield { type: 'progress', done: reading.step, total: warmup, unit: 'steps' };
    }
    const weights: GivenTensors = Object.fromEntries(
      [...(await start.stateDict())].map(([name, { data: values }]) => [name, values as Float32Array]),
    );
    const at = Array.from({ length: looks }, (_, i) => Math.round(((i + 1) / looks) * steps));
    async function* arms(lr: readonly number[], B: number) {
      using run = await train(gpu, {
        ...all,
        weights,
        batchSize: B,
        grid: { lr: [...lr] },
        steps,
        seed: unit,
      });
      const found = lr.map((rate): TemperatureRun & { looks: (NoiseAt & { step: number })[] } => ({
        lr: rate,
        batchSize: B,
        looks: [],
      }));
      for (const step of at) {
        for await (const _ of run.readings(step));
        for (const arm of found) {
          using point = await run.point({ lr: arm.lr }, { mode: 'eval' });
          arm.looks.push({ step, ...(await noiseAt(point)) });
        }
        yield { type: 'progress' as const, done: step, total: steps, unit: 'steps' as const };
      }
      return found;
    }
    yield { type: 'phase', phase: `unit ${unit}: rates` };
    const cooled = yield* arms(rates, batchSize);
    const multiplied: TemperatureRun[] = [];
    for (const k of multiples) {
      yield { type: 'phase', phase: `unit ${unit}: ε and B times ${k}` };
      multiplied.push(...(yield* arms([k * multipliedLr], k * batchSize)));
    }
    return { cooled, multiplied };
  },
};
