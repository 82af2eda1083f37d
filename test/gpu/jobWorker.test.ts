import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { JobWorker, type PageEvent } from '../../src/jobs/jobWorker.ts';

interface Opened {
  readonly device: GPUDevice;
  destroyed: boolean;
}

/** The devices that are opened meanwhile. */
async function watchDevices(use: (opened: readonly Opened[]) => Promise<void>): Promise<void> {
  const opened: Opened[] = [];
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await request.apply(this, given);
    const noted = { device, destroyed: false };
    const destroy = device.destroy.bind(device);
    device.destroy = () => {
      noted.destroyed = true;
      return destroy();
    };
    opened.push(noted);
    return device;
  };
  try {
    await use(opened);
  } finally {
    GPUAdapter.prototype.requestDevice = request;
  }
}

const model = { layers: [{ type: 'Linear', in_features: 4, out_features: 3 }], loss: 'cross_entropy' };
const tensors = new Map<string, HostTensor>([
  ['0.weight', { dtype: 'F32', shape: [3, 4], data: new Float32Array(12) }],
  ['0.bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) }],
]);
const files = {
  'model.json': new Blob([JSON.stringify(model)]),
  'w.safetensors': new Blob([writeSafetensors(tensors)]),
};
const density = {
  job: 'measure' as const,
  model: 'model.json',
  weights: 'w.safetensors',
  data: 'gaussian-clusters?examples=60&classes=3&dims=4',
  density: true,
};

test('a page’s worker takes one device for its jobs, and frees it where it cannot be trusted any more', () =>
  watchDevices(async (opened) => {
    const worker = new JobWorker();
    const wrong = {
      job: 'train' as const,
      model: { hidden: [9] },
      data: 'gaussian-clusters?examples=200&classes=3&dims=5',
      batch_size: 4e7,
      optimizer: { lr: 0.1 },
    };
    // Refused again and again, on the same device.
    for (let i = 0; i < 5; i++) {
      await expect(worker.run(wrong, location.href, () => {})).rejects.toThrow(/batch_size: is 40000000/);
    }
    expect(opened).toHaveLength(1);
    // Snapshots come as blobs, from which a page has its run go on, by the same worker or another one.
    const kept = { ...wrong, batch_size: 16, steps: 6, snapshot: { file: 'run.snapshot', every: 2 } };
    const snapshots: Blob[] = [];
    const results: unknown[] = [];
    const readings: number[] = [];
    const take = (event: PageEvent): void => {
      if (event.type === 'snapshot') snapshots.push(event.tensors);
      if (event.type === 'readings') readings.push(...event.readings.map(({ step }) => step));
      if (event.type === 'result') results.push({ ...(event.result as object), date: undefined });
    };
    await worker.run(kept, location.href, take);
    expect(snapshots).toHaveLength(3);
    expect(readings).toEqual([1, 2, 3, 4, 5, 6]);
    await worker.run({ ...kept, resume: true, known: 3 }, location.href, take, {
      'run.snapshot': snapshots[1]!,
    });
    expect(readings.slice(6)).toEqual([4, 5, 6]);
    expect(results[1]).toEqual(results[0]);
    const error = new GPUValidationError('nothing caught this');
    opened[0]!.device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
    await expect.poll(() => opened[0]!.destroyed).toBe(true);
    await worker.adapter();
    expect(opened).toHaveLength(2);
    opened[1]!.device.destroy();
  }));

test('a measurement goes on where its device is lost, with the same numbers; the next job takes that device', () =>
  watchDevices(async (opened) => {
    const worker = new JobWorker();
    const ran = async (losesDevice: boolean) => {
      const notes: string[] = [];
      let result: unknown;
      await worker.run(
        density,
        location.href,
        (event) => {
          if (event.type === 'note') notes.push(event.text);
          if (event.type === 'result') result = { ...(event.result as object), date: undefined };
          if (losesDevice && event.type === 'progress' && event.unit === 'products' && opened.length === 1)
            opened[0]!.device.destroy();
        },
        files,
      );
      return { notes: notes.filter((text) => text.includes('lost')), result };
    };
    const interrupted = await ran(true);
    expect(interrupted.notes).toEqual([expect.stringMatching(/goes on with another device$/)]);
    const whole = await ran(false);
    expect(whole.notes).toEqual([]);
    expect(interrupted.result).toEqual(whole.result);
    expect(opened).toHaveLength(2);
    opened[1]!.device.destroy();
  }));

test('a measurement that is stopped ends at its next event, without a result', async () => {
  const worker = new JobWorker();
  const products: number[] = [];
  const types: string[] = [];
  await worker.run(
    density,
    location.href,
    (event) => {
      types.push(event.type);
      if (event.type !== 'progress' || event.unit !== 'products') return;
      products.push(event.done);
      if (products.length === 2) worker.stop();
    },
    files,
  );
  // 15 parameters, so 15 steps of 8 starts side by side.
  expect(products).toEqual([8, 16]);
  expect(types).not.toContain('result');
});
