import { loadDataset } from '../../data/loadDataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { inTurn, medianOf } from '../../gpu/timedProgram.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import { type FollowedValue, followedEigenvalue } from '../../measure/curvature/followedEigenvalue.ts';
import type { Instrument } from '../../measure/instrument.ts';
import { initialStateDict } from '../../nn/init.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import { firstImages } from '../firstImages.ts';
import type { CurvatureModel } from './curvatureModels.ts';

/** What it costs to follow the largest eigenvalue while a model trains. */
export interface FollowedCosts {
  readonly model: string;
  readonly batch: number;
  readonly every: number;
  /** Steps of Lanczos's process a look. */
  readonly lanczosSteps: number;
  /** Milliseconds of so many steps, a round each, without it and with it, and their medians' quotient. */
  readonly plain: readonly number[];
  readonly followed: readonly number[];
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  readonly limit: number;
  /** Every look's value, and its residual over it; the first ones start from nothing. */
  readonly values: readonly number[];
  readonly residuals: readonly number[];
  readonly residualLimit: number;
}

const BATCH = 64;
const EVERY = 64;
/** 8 left one look of 30 with a residual of 0.011 λ, 9 none above 0.001 (SwiftShader, 2026-11-26). */
const LANCZOS_STEPS = 9;
/** Examples that the runs train on: enough that none is learnt by heart in a bench. */
const EXAMPLES = 8192;
/** Steps a round, of each run. */
const STEPS = 2 * EVERY;
/** A plain run's time, and λ, may be passed by so much. */
const LIMITS = { ratio: 1.3, residual: 1e-2 };

/** Two training runs of one model from one start: one of them with its largest eigenvalue followed. */
export async function followedCosts(
  gpu: Gpu,
  { name, model, inputShape }: CurvatureModel,
  rounds: number,
  host: ByteSource,
): Promise<FollowedCosts> {
  const dataset = firstImages(await loadDataset('mnist', host), EXAMPLES, inputShape);
  const weights = new Map([...initialStateDict(model, 1)].map(([key, { data }]) => [key, data]));
  // A round more, untimed, in which both runs find how many steps a submit takes.
  const steps = STEPS * (rounds + 1);
  const follower: Instrument<FollowedValue> = {
    type: 'eigenvalue',
    schedule: { every: EVERY },
    unitSize: null,
    quantity: followedEigenvalue({ examples: BATCH, steps: LANCZOS_STEPS }),
    follow: () => () => ({}),
  };
  const open = (instruments: readonly Instrument[]): Promise<TrainingRun> =>
    TrainingRun.open(gpu, {
      model,
      dataset,
      steps,
      batches: [{ fromStep: 0, batchSize: BATCH }],
      sampling: 'shuffle',
      recordEvery: EVERY,
      instruments,
      replicas: [
        {
          seed: 1,
          settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
          rates: new Float32Array(steps).fill(0.1),
          weights,
        },
      ],
    });
  const runs = { plain: await open([]), followed: await open([follower]) };

  const found: FollowedValue[] = [];
  const samples = { plain: [] as number[], followed: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    for (const which of inTurn(['plain', 'followed'] as const, round)) {
      const started = performance.now();
      for await (const readings of runs[which].steps(STEPS * (round + 1))) {
        found.push(...readings.flatMap((reading) => (reading.found[0] as FollowedValue | undefined) ?? []));
      }
      if (round > 0) samples[which].push((performance.now() - started) / STEPS);
    }
  }
  for (const run of Object.values(runs)) run.dispose();
  const single = samples.followed.map((ms, round) => ms / samples.plain[round]!);
  return {
    model: name,
    batch: BATCH,
    every: EVERY,
    lanczosSteps: LANCZOS_STEPS,
    ...samples,
    ratio: {
      median: medianOf(samples.followed) / medianOf(samples.plain),
      min: Math.min(...single),
      max: Math.max(...single),
    },
    limit: LIMITS.ratio,
    values: found.map(({ value }) => value),
    residuals: found.map(({ value, residual }) => residual / Math.abs(value)),
    residualLimit: LIMITS.residual,
  };
}
