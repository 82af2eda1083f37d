import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';
import type { Tensors } from './deviation.ts';

const HERE = 'here.safetensors';

/** Losses at weights that no file holds, by jobs that have cases of their own. Other files are read by `read`. */
export function lossesAt(gpu: Gpu, read: (path: string) => Promise<Uint8Array>) {
  async function run(spec: object, weights: Tensors): Promise<Record<string, number>> {
    const bytes = writeSafetensors(
      new Map([...weights].map(([name, tensor]) => [name, written(name, tensor)])),
    );
    const host = { read: async (path: string) => (path === HERE ? bytes : read(path)) };
    const job = { model: 'model.json', weights: HERE, data: 'data.safetensors', ...spec } as JobSpec;
    for await (const event of runJob(gpu, job, host)) {
      if (event.type === 'result') return event.result as unknown as Record<string, number>;
    }
    throw new Error('the job ended without a result');
  }
  const still = { job: 'train', order: 'sequential', batch_size: 1, optimizer: { lr: 0 } };
  return {
    /** As `basin measure` has it, in train or in eval mode. */
    async measured(weights: Tensors, evalMode: boolean): Promise<number> {
      return (await run({ job: 'measure', eval: evalMode }, weights)).loss!;
    },
    /** In eval mode with the statistics that the weights have, as after no step of training. */
    async evaluated(weights: Tensors, data: string): Promise<{ loss: number; accuracy?: number }> {
      const { finalLoss, accuracy } = await run({ ...still, data, steps: 0 }, weights);
      return { loss: finalLoss!, accuracy };
    },
    /** With BatchNorm's statistics recomputed, as of an average of one capture after a step of rate 0. */
    async recomputed(weights: Tensors, batch: number): Promise<{ loss: number }> {
      const averaging = { type: 'swa', start: 1, every: 1, bn_batch_size: batch };
      const { swaLoss } = await run({ ...still, batch_size: batch, steps: 1, averaging }, weights);
      return { loss: swaLoss! };
    },
  };
}

function written(name: string, { shape, data }: { shape: number[]; data: Float32Array }): HostTensor {
  return name.endsWith('num_batches_tracked')
    ? { dtype: 'I64', shape, data: BigInt64Array.from(data, BigInt) }
    : { dtype: 'F32', shape, data };
}
