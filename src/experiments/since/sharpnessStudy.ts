import { z } from 'zod';
import { batchSharpness } from '../../measure/curvature/batchSharpness.ts';
import { point } from '../../measure/point.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import type { Study } from '../claim.ts';
import { PIXELS, perceptronBytes } from '../perceptronBytes.ts';
import { requireAtLeast } from '../protocol.ts';
import { PLAIN_SGD, tanhTask } from './tanhTask.ts';

/**
 * SGD of several B at one ε and for as many steps (Andreyev & Beneventano 2024): batch sharpness E[gᵀHg/|g|²] over batches of the run's
 * own B, and λ_max of the full loss, at `looks` places in the last three tenths of the steps. All B start from one trunk. A run at a
 * smaller ε is the control: its batch sharpness is that of the network, not of 2/ε.
 */
export type SharpnessProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly hidden: number;
  readonly lr: number;
  readonly controlRate: number;
  readonly batchSizes: readonly number[];
  readonly steps: number;
  readonly looks: number;
  /** Batches drawn for a look. */
  readonly draws: number;
  readonly units: number;
  readonly seed: number;
};

/** One unit. */
export type SharpnessCell = Omit<SharpnessProtocol, 'units' | 'seed'> & { readonly unit: number };

/** SGD of a B at an ε. */
export interface SharpnessRun {
  readonly batchSize: number;
  readonly lr: number;
  readonly looks: readonly {
    readonly step: number;
    readonly loss: number;
    readonly batchSharpness: number;
    readonly stderr: number;
    readonly lambdaMax: number;
  }[];
}

export interface SharpnessEvidence {
  /** At the ε of the claim by B, then the controls. A run that diverged has the looks before. */
  readonly runs: readonly SharpnessRun[];
}

const evidence: z.ZodType<SharpnessEvidence> = z.strictObject({
  runs: z.array(
    z.strictObject({
      batchSize: z.int().positive(),
      lr: z.number(),
      looks: z.array(
        z.strictObject({
          step: z.int().positive(),
          loss: z.number(),
          batchSharpness: z.number(),
          stderr: z.number(),
          lambdaMax: z.number(),
        }),
      ),
    }),
  ),
});

/** Of the steps: where looks are taken. */
const LAST = 0.3;

const standard: SharpnessProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 1000,
  hidden: 32,
  lr: 0.5,
  controlRate: 0.03,
  batchSizes: [8, 32, 128],
  steps: 5000,
  looks: 4,
  draws: 64,
  units: 4,
  seed: 1000,
};

const CHART = 'Batch sharpness over 2/ε';

/** Curvature as batches of several sizes see it: what batch sharpness is judged by. */
export const sharpnessStudy: Study<SharpnessProtocol, SharpnessCell, SharpnessEvidence> = {
  id: 'sharpness-of-batches',
  version: 1,
  presets: { quick: { ...standard, examples: 300, steps: 1500, looks: 3, units: 2, seed: 0 }, standard },
  parts: {
    data: 'images',
    examples: 'training examples of a unit, drawn for it',
    hidden: 'units of each of two hidden layers of tanh',
    lr: 'ε of SGD without momentum',
    controlRate: 'an ε too small to come to its edge',
    batchSizes: 'B, ascending',
    steps: 'of each run',
    looks: 'places in the last three tenths of the steps at which curvatures are measured',
    draws: 'batches over which batch sharpness is a mean at a look',
    units: 'trunks, each with its own subset, initial weights and order',
    seed: 'of the first trunk',
  },
  series: { [CHART]: { x: { label: 'step' }, y: { label: 'batch sharpness/(2/ε)' } } },
  evidence,

  cells({ units, seed, ...protocol }) {
    requireAtLeast({ id: sharpnessStudy.id }, 2, { batchSizes: protocol.batchSizes, draws: protocol.draws });
    return Array.from({ length: units }, (_, u) => ({ ...protocol, unit: seed + u }));
  },

  cost: ({ examples, hidden, steps }) => ({
    seconds: 1 + steps / 75,
    bytes: perceptronBytes({
      widths: [PIXELS, hidden, hidden, 10],
      examples,
      replicas: 2,
    }),
  }),

  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const { model, train, start } = await tanhTask(cell, host);
    const { steps, looks, draws, lr, controlRate, unit } = cell;
    const from = Math.round((1 - LAST) * steps);
    const at = Array.from({ length: looks }, (_, i) => from + Math.round(((steps - from) * (i + 1)) / looks));
    const byRate: [SharpnessRun[], SharpnessRun[]] = [[], []];
    for (const batchSize of cell.batchSizes) {
      yield { type: 'phase', phase: `SGD, B = ${batchSize}` };
      const rates = [lr, controlRate];
      const run = await TrainingRun.open(gpu, {
        model,
        dataset: train,
        steps,
        batches: [{ fromStep: 0, batchSize }],
        sampling: 'shuffle',
        recordEvery: steps,
        replicas: rates.map((rate) => ({
          seed: deriveSeed(unit, 'order'),
          settings: PLAIN_SGD,
          rates: new Float32Array(steps).fill(rate),
          weights: start,
        })),
      });
      const evaluator = await run.evaluator();
      const found: SharpnessRun['looks'][number][][] = rates.map(() => []);
      try {
        for (const [i, step] of at.entries()) {
          for await (const _ of run.steps(step)) {
            yield { type: 'progress', done: run.submitted, total: steps, unit: 'steps' };
          }
          const losses = await evaluator.evaluate();
          for (const [r, { loss }] of losses.entries()) {
            if (!Number.isFinite(loss)) continue;
            const weights = await run.weights(r);
            const there = await point(gpu, { model, weights, data: train, mode: 'eval' });
            try {
              const seed = (deriveSeed(unit, 'data') + i) % 2 ** 32;
              const { value, stderr } = await there.measure(
                batchSharpness({ batchSize, batches: draws, seed }),
              );
              const [top] = (await there.hessian().eigenvalues(1)).pairs;
              found[r]!.push({ step, loss, batchSharpness: value, stderr: stderr!, lambdaMax: top!.value });
              yield {
                type: 'series',
                chart: CHART,
                curve: `B = ${batchSize}, ε = ${rates[r]}`,
                x: step,
                y: (value * rates[r]!) / 2,
              };
            } finally {
              there.dispose();
            }
          }
        }
      } finally {
        evaluator.dispose();
        run.dispose();
      }
      rates.forEach((rate, r) => {
        byRate[r]!.push({ batchSize, lr: rate, looks: found[r]! });
      });
    }
    return { runs: byRate.flat() };
  },
};
