import { z } from 'zod';
import { firstExamples } from '../../data/firstExamples.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import {
  type CheckpointOutcome,
  judgeFrozenPoint,
  judgeOptimalStep,
  measureFrozenPoint,
  OPTIMAL_STEP,
  OPTIMAL_STEP_CRITERIA,
} from '../../experiments/optimalStep.ts';
import type { Verdict } from '../../experiments/verdict.ts';
import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import { flatValues } from '../flatValues.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { RunKernels } from '../kernels/chosenKernels.ts';
import type { KernelRecord } from '../kernels/kernelRecord.ts';
import { parseExperiment } from './parseExperiment.ts';
import { openTrunk, perceptronTrunk } from './sgdTrunk.ts';

const count = z.int().positive();
const schema = z.strictObject({
  data: z.string().default('mnist'),
  /** Units of the hidden layer. */
  hidden: count.default(256),
  /** The first so many examples are the population. */
  examples: count.default(10_000),
  draws: z.int().min(2).default(OPTIMAL_STEP.draws),
  batch_sizes: z
    .array(count)
    .min(3)
    .default([...OPTIMAL_STEP.batchSizes]),
  /** Steps of the training run at which the weights are frozen. */
  checkpoints: z.array(count).length(3).default([100, 500, 1500]),
  lr: z.number().positive().default(0.1),
  batch_size: count.default(64),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(OPTIMAL_STEP.seed),
});

/** What may be set of the experiment `optimalStep`; left out, the whole protocol. */
export type OptimalStepSpec = z.input<typeof schema>;

/** What the experiment gives. */
export interface OptimalStepResult {
  readonly adapter: AdapterInfo;
  readonly protocol: z.output<typeof schema> & { readonly grid: readonly number[]; readonly probes: number };
  readonly criteria: typeof OPTIMAL_STEP_CRITERIA;
  readonly checkpoints: readonly CheckpointOutcome[];
  readonly verdict: Verdict;
  readonly kernels: KernelRecord;
}

/**
 * Trains a perceptron by plain SGD on the whole training set, freezes it three times, and judges at each whether ε_opt(B) is
 * what G, H and Σ say.
 * @throws InputError for input that is refused
 */
export async function* optimalStepJob(
  device: Gpu,
  given: OptimalStepSpec,
  host: JobHost,
): AsyncGenerator<JobEvent, void, void> {
  const spec = parseExperiment('optimal-step', schema, given, ['checkpoints']);
  const kernels = new RunKernels(device);
  const gpu: Gpu = { ...device, kernels };
  yield { type: 'phase', phase: 'reading data' };
  const trunk = await perceptronTrunk(spec.data, spec.hidden, host);
  const { model, dataset } = trunk;
  const population = firstExamples(dataset, spec.examples);
  const protocol = {
    ...OPTIMAL_STEP,
    batchSizes: spec.batch_sizes,
    draws: spec.draws,
    seed: spec.seed,
  };

  const steps = spec.checkpoints.at(-1)!;
  const run = await openTrunk(gpu, trunk, {
    steps,
    batchSize: spec.batch_size,
    lr: spec.lr,
    seed: spec.seed,
  });
  const theta = new State(gpu, { label: 'frozen parameters', shape: [run.layout.length] });
  const examples = uploadExamples(gpu, population);
  try {
    const checkpoints: CheckpointOutcome[] = [];
    for (const step of spec.checkpoints) {
      yield { type: 'phase', phase: `training to step ${step}` };
      for await (const _ of run.steps(step));
      theta.write(flatValues(run.layout, await run.weights(0)));
      yield { type: 'phase', phase: `measuring at step ${step}` };
      const point = { model, layout: run.layout, theta, examples, context: { mode: 'eval' as const } };
      const measuring = measureFrozenPoint(gpu, point, step, protocol);
      let next = await measuring.next();
      for (; !next.done; next = await measuring.next())
        yield { type: 'progress', ...next.value, unit: 'draws' };
      checkpoints.push(judgeFrozenPoint(next.value, spec.seed));
    }
    const result: OptimalStepResult = {
      adapter: gpu.info,
      protocol: { ...spec, grid: protocol.grid, probes: protocol.probes },
      criteria: OPTIMAL_STEP_CRITERIA,
      checkpoints,
      verdict: judgeOptimalStep(checkpoints),
      kernels: kernels.record,
    };
    yield { type: 'result', result, exitCode: 0 };
  } finally {
    run.dispose();
    theta.dispose();
    examples.dispose();
  }
}
