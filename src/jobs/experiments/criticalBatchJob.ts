import { z } from 'zod';
import { firstExamples } from '../../data/firstExamples.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import { runBranches } from '../../experiments/branches.ts';
import {
  CRITICAL_BATCH,
  type CriticalBatchOutcome,
  type SnapshotBranches,
  summariseCriticalBatch,
} from '../../experiments/criticalBatch.ts';
import { openTrunk, perceptronTrunk } from '../../experiments/sgdTrunk.ts';
import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import { type KernelRecord, RunKernels } from '../../gpu/runKernels.ts';
import { State } from '../../gpu/state.ts';
import { measureLocalModel } from '../../measure/curvature/measureLocalModel.ts';
import type { Branch } from '../../measure/statistics/branchedCriticalBatch.ts';
import { flatValues } from '../../nn/flatValues.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { parseExperiment, refused } from './parseExperiment.ts';

const count = z.int().positive();
const schema = z.strictObject({
  data: z.string().default('mnist'),
  /** Units of the hidden layer. */
  hidden: count.default(128),
  snapshots: z
    .array(count)
    .min(2)
    .default([...CRITICAL_BATCH.snapshots]),
  batch_size: count.default(CRITICAL_BATCH.batchSize),
  lr: z.number().positive().default(CRITICAL_BATCH.lr),
  factors: z
    .array(count)
    .min(2)
    .default([...CRITICAL_BATCH.factors]),
  window: count.default(CRITICAL_BATCH.window),
  seeds: z.int().min(2).default(CRITICAL_BATCH.seeds),
  tolerance: z.number().nonnegative().default(CRITICAL_BATCH.tolerance),
  /** From so many examples, the first, B_simple and B_noise of the training set are estimated: the branches draw from all of it. */
  examples: z.int().min(2).default(2048),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(0),
});

/** What may be set of the experiment `criticalBatch`; left out, its protocol. */
export type CriticalBatchSpec = z.input<typeof schema>;

/** What the experiment gives. */
export interface CriticalBatchResult extends CriticalBatchOutcome {
  readonly adapter: AdapterInfo;
  readonly protocol: z.output<typeof schema>;
  readonly kernels: KernelRecord;
}

/** Random sign vectors behind tr(HΣ). */
const PROBES = 16;

/**
 * Trains a perceptron by plain SGD, branches at each snapshot, and tells how the local critical batch size goes: no verdict, the
 * protocol is withdrawn.
 * @throws InputError for input that is refused
 */
export async function* criticalBatchJob(
  device: Gpu,
  given: CriticalBatchSpec,
  host: JobHost,
): AsyncGenerator<JobEvent, void, void> {
  const spec = parse(given);
  const kernels = new RunKernels(device);
  const gpu: Gpu = { ...device, kernels };
  yield { type: 'phase', phase: 'reading data' };
  const trunk = await perceptronTrunk(spec.data, spec.hidden, host);
  const { model, dataset } = trunk;
  const sample = firstExamples(dataset, Math.min(spec.examples, dataset.examples));
  const { batch_size: batchSize, lr, seed, factors, window, snapshots } = spec;
  const run = await openTrunk(gpu, trunk, { steps: snapshots.at(-1)!, batchSize, lr, seed });
  const theta = new State(gpu, { label: 'snapshot', shape: [run.layout.length] });
  const examples = uploadExamples(gpu, sample);
  try {
    const branching = {
      model,
      dataset,
      batchSize,
      lr,
      factors,
      window,
      halfLife: batchSize * factors.at(-1)!,
    };
    // Orders of their own, none that of the trunk; the control's are others again.
    const orders = (first: number): number[] => Array.from({ length: spec.seeds }, (_, s) => first + s);
    const [seeds, otherSeeds] = [orders(seed + 1), orders(seed + 1 + spec.seeds)];
    const found: SnapshotBranches[] = [];
    const control: Branch[] = [];
    for (const step of snapshots) {
      yield { type: 'phase', phase: `training to step ${step}` };
      for await (const _ of run.steps(step));
      const weights = await run.weights(0);
      theta.write(flatValues(run.layout, weights));
      const point = { model, layout: run.layout, theta, examples, context: { mode: 'eval' as const } };
      yield { type: 'phase', phase: `measuring at step ${step}` };
      const { local, loss, bNoiseProbeStderr, traceCovariance } = await measureLocalModel(gpu, point, {
        probes: PROBES,
        seed,
        populationExamples: dataset.examples,
      });
      yield { type: 'phase', phase: `branching at step ${step}` };
      const last = step === snapshots.at(-1);
      const total = factors.length * (last ? 2 : 1);
      const branches: Branch[] = [];
      for await (const branch of runBranches(gpu, { ...branching, weights, seeds })) {
        branches.push(branch);
        yield { type: 'progress', done: branches.length, total, unit: 'branches' };
      }
      found.push({ step, loss, branches, local, bNoiseProbeStderr, traceCovariance });
      if (!last) continue;
      for await (const branch of runBranches(gpu, { ...branching, weights, seeds: otherSeeds })) {
        control.push(branch);
        yield { type: 'progress', done: factors.length + control.length, total, unit: 'branches' };
      }
    }
    const outcome = summariseCriticalBatch(found, control, { batchSize, tolerance: spec.tolerance });
    const result: CriticalBatchResult = {
      adapter: gpu.info,
      protocol: spec,
      ...outcome,
      kernels: kernels.record,
    };
    yield { type: 'result', result, exitCode: 0 };
  } finally {
    run.dispose();
    theta.dispose();
    examples.dispose();
  }
}

function parse(given: CriticalBatchSpec): z.output<typeof schema> {
  const spec = parseExperiment('critical-batch', schema, given, ['factors', 'snapshots']);
  const { factors, window, batch_size } = spec;
  const odd = factors.find((factor) => window % (factor * batch_size) !== 0);
  if (odd !== undefined) {
    const expected = `expected a multiple of the batch of ${odd * batch_size}`;
    throw refused('critical-batch', 'window', `is ${window} examples, ${expected}`);
  }
  return spec;
}
