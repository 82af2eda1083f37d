import type { Gpu } from '../../gpu/device.ts';
import { stateDictLayout } from '../../nn/modelSpec.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import type { BenchJob } from '../benchAdapter.ts';
import type { SweepTask } from './sweepCase.ts';

/** Steps that all runs of a job can take together: the tables of learning rates are that long. */
const LONGEST = 2 ** 17;

/**
 * The sweep as `basin train` runs it: one program, examples drawn and gathered on the device. Where a step can be one kernel, all steps
 * are, as those of a longer run are once that is compiled.
 */
export async function basinSweep(gpu: Gpu, task: SweepTask): Promise<BenchJob> {
  const { model, widths, batch, momentum, replicas, examples, x, labels, rates, seeds, times } = task;
  const steps = LONGEST / replicas;
  const names = stateDictLayout(model).map(({ name }) => name);
  const run = await TrainingRun.open(gpu, {
    model,
    dataset: {
      name: 'sweep',
      x,
      exampleShape: [widths[0]!],
      targets: { kind: 'classes', labels, classes: widths.at(-1)! },
      examples,
    },
    steps,
    batches: [{ fromStep: 0, batchSize: batch }],
    sampling: 'shuffle',
    replicas: seeds.map((seed, r) => ({
      seed,
      settings: { momentum, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(steps).fill(rates[r]!),
      weights: new Map(names.map((name, i) => [name, valuesOf(task, i, r)])),
    })),
    recordEvery: times,
    wholeFrom: 0,
  });
  const losses = new Float32Array(replicas);
  return {
    async run(more) {
      const until = run.submitted + more;
      if (until > steps) throw new Error(`a run of this sweep has ${steps} steps, ${until} were asked for`);
      for await (const readings of run.steps(until)) {
        for (const { replica, loss } of readings) losses[replica] = loss;
      }
    },
    read: async () => losses.slice(),
    profile: () => run.profile(),
    dispose: () => run.dispose(),
  };
}

/** The i-th tensor of the state dict, of run r. */
function valuesOf({ weights, biases, replicas }: SweepTask, i: number, r: number): Float32Array {
  const all = (i % 2 === 0 ? weights : biases)[i >> 1]!;
  const length = all.length / replicas;
  return all.subarray(r * length, (r + 1) * length);
}
