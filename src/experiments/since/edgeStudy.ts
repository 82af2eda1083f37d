import { z } from 'zod';
import type { Gpu } from '../../gpu/device.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import type { Study } from '../claim.ts';
import type { CellEvent } from '../experiment.ts';
import { PIXELS, perceptronBytes } from '../perceptronBytes.ts';
import { requireAtLeast } from '../protocol.ts';
import { lambdaMaxAt } from './lambdaMax.ts';
import { PLAIN_SGD, type TanhTask, tanhTask } from './tanhTask.ts';

/**
 * Gradient descent over all examples at some constant ε (Cohen et al. 2021), and λ_max on its way: at `looks` places, evenly from the
 * first to the last step, half of them in its last three tenths. The smallest ε is the control: within as many steps it does
 * not come to its edge.
 */
export type EdgeProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly hidden: number;
  readonly rates: readonly number[];
  readonly controlRate: number;
  readonly steps: number;
  readonly looks: number;
  readonly units: number;
  readonly seed: number;
};

/** One unit. */
export type EdgeCell = Omit<EdgeProtocol, 'units' | 'seed'> & { readonly unit: number };

/** Gradient descent at an ε. */
export interface EdgeRun {
  readonly lr: number;
  readonly looks: readonly { readonly step: number; readonly loss: number; readonly lambdaMax: number }[];
}

export interface EdgeEvidence {
  /** The control last. A run that diverged has the looks before. */
  readonly runs: readonly EdgeRun[];
}

/** Of the steps: where λ_max is taken to have come to rest. */
export const LAST = 0.3;

const evidence: z.ZodType<EdgeEvidence> = z.strictObject({
  runs: z.array(
    z.strictObject({
      lr: z.number(),
      looks: z.array(z.strictObject({ step: z.int().positive(), loss: z.number(), lambdaMax: z.number() })),
    }),
  ),
});

const standard: EdgeProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 1000,
  hidden: 32,
  rates: [0.4, 0.6, 0.9],
  controlRate: 0.05,
  steps: 1000,
  looks: 10,
  units: 4,
  seed: 1000,
};

/** The chart of what is told on the way. */
const CHART = 'λ_max/(2/ε)';

/** λ_max under gradient descent: what the edge of stability is judged by. */
export const edgeStudy: Study<EdgeProtocol, EdgeCell, EdgeEvidence> = {
  id: 'gradient-descent-edge',
  version: 1,
  presets: { quick: { ...standard, examples: 300, units: 2, seed: 0 }, standard },
  parts: {
    data: 'images',
    examples: 'training examples of a unit, drawn for it',
    hidden: 'units of each of two hidden layers of tanh',
    rates: 'ε of gradient descent',
    controlRate: 'an ε too small to come to its edge',
    steps: 'of gradient descent over all examples',
    looks: 'places at which λ_max is measured, half of them in the last three tenths',
    units: 'trunks, each with its own subset and initial weights',
    seed: 'of the first trunk',
  },
  series: { [CHART]: { x: { label: 'step' }, y: { label: 'λ_max/(2/ε)' } } },
  evidence,

  cells({ units, seed, ...protocol }) {
    requireAtLeast({ id: edgeStudy.id }, 4, { looks: protocol.looks });
    return Array.from({ length: units }, (_, u) => ({ ...protocol, unit: seed + u }));
  },

  cost: ({ examples, hidden, rates, steps }) => ({
    seconds: 2 + (steps * examples) / 11_500,
    bytes: perceptronBytes({
      widths: [PIXELS, hidden, hidden, 10],
      examples,
      replicas: rates.length + 1,
      batchSize: examples,
    }),
  }),

  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const task = await tanhTask(cell, host);
    yield { type: 'phase', phase: 'gradient descent' };
    return { runs: yield* descend(gpu, task, cell) };
  },
};

async function* descend(
  gpu: Gpu,
  { model, train, start }: TanhTask,
  { rates, controlRate, steps, looks, examples }: EdgeCell,
): AsyncGenerator<CellEvent, EdgeRun[], void> {
  const all = [...rates, controlRate];
  const run = await TrainingRun.open(gpu, {
    model,
    dataset: train,
    steps,
    batches: [{ fromStep: 0, batchSize: examples }],
    sampling: 'sequential',
    recordEvery: steps,
    replicas: all.map((lr) => ({
      seed: 0,
      settings: PLAIN_SGD,
      rates: new Float32Array(steps).fill(lr),
      weights: start,
    })),
  });
  const evaluator = await run.evaluator();
  const found = all.map((lr) => ({ lr, looks: [] as EdgeRun['looks'][number][] }));
  try {
    for (const step of lookSteps(steps, looks)) {
      for await (const _ of run.steps(step)) {
        yield { type: 'progress', done: run.submitted, total: steps, unit: 'steps' };
      }
      const losses = await evaluator.evaluate();
      for (const [r, { lr, looks: taken }] of found.entries()) {
        const { loss } = losses[r]!;
        if (!Number.isFinite(loss)) continue;
        const lambdaMax = await lambdaMaxAt(gpu, { model, weights: await run.weights(r), dataset: train });
        taken.push({ step, loss, lambdaMax });
        yield { type: 'series', chart: CHART, curve: `ε = ${lr}`, x: step, y: (lambdaMax * lr) / 2 };
      }
    }
    return found;
  } finally {
    evaluator.dispose();
    run.dispose();
  }
}

/** Half of the looks evenly before the last three tenths of the steps, half in these. */
export function lookSteps(steps: number, looks: number): number[] {
  const late = Math.ceil(looks / 2);
  const early = looks - late;
  const from = Math.round((1 - LAST) * steps);
  return [
    ...Array.from({ length: early }, (_, i) => Math.max(1, Math.round((from * i) / early))),
    ...Array.from({ length: late }, (_, i) => from + Math.round(((steps - from) * (i + 1)) / late)),
  ];
}
