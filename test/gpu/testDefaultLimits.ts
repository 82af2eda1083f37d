import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { type JobEvent, type JobSpec, runJob } from '../../src/jobs/job.ts';
import { normal } from '../../src/random/normal.ts';
import { selftest } from '../../src/selftest/selftest.ts';
import type { TrialFamilies } from '../../src/selftest/trial.ts';
import { DEFAULT_LIMITS, withDefaultLimits } from './defaultLimits.ts';
import { testGpu } from './device.ts';

const EXAMPLES = 48;
const IMAGES = new Map<string, HostTensor>([
  [
    'x',
    {
      dtype: 'F32',
      shape: [EXAMPLES, 1, 8, 8],
      data: Float32Array.from({ length: 64 * EXAMPLES }, (_, i) => normal(1, 2, i, 0)),
    },
  ],
  ['y', { dtype: 'I32', shape: [EXAMPLES], data: Int32Array.from({ length: EXAMPLES }, (_, n) => n % 3) }],
]);
const MODEL = {
  layers: [
    { type: 'Conv2d', in_channels: 1, out_channels: 8, kernel_size: 3, padding: 1, name: 'conv' },
    { type: 'BatchNorm2d', num_features: 8, name: 'norm' },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 128, out_features: 3, name: 'out' },
  ],
  loss: 'cross_entropy',
};
const TRAIN = {
  job: 'train',
  model: MODEL,
  data: 'images.safetensors',
  batch_size: 12,
  steps: 8,
  seed: 1,
  optimizer: { lr: 0.05, momentum: 0.9 },
  averaging: { type: 'swa', start: 5 },
  measure: { every: 4, small_batch: 4 },
  replicas: [{ seed: 1 }, { seed: 2 }],
} as unknown as JobSpec;

async function resultOf(gpu: Gpu, spec: JobSpec, files: Record<string, Uint8Array>) {
  const host = {
    find: async (path: string) => ({ path, is: files[path] ? 'file' : 'nothing' }) as const,
    read: async (path: string) => files[path] ?? Promise.reject(new Error(`asked for ${path}`)),
  };
  let last: JobEvent | undefined;
  for await (const event of runJob(gpu, spec, host)) last = event;
  return last as Extract<JobEvent, { type: 'result' }>;
}

/** What WebGPU promises everywhere is enough for every kernel that is chosen there, and for runs and measurements. */
export function testDefaultLimits(families: TrialFamilies): void {
  let made: Promise<Gpu> | undefined;
  const open = (): Promise<Gpu> => {
    made ??= openDevice({ gpu: withDefaultLimits(navigator.gpu) });
    return made;
  };

  test('with the default limits and no feature a run and a measurement find what they find with more', {
    timeout: 240_000,
  }, async () => {
    const gpu = await open();
    expect(gpu.device.limits.maxStorageBuffersPerShaderStage).toBe(
      DEFAULT_LIMITS.maxStorageBuffersPerShaderStage,
    );
    expect(gpu.device.features.has('subgroups')).toBe(false);
    const files: Record<string, Uint8Array> = { 'images.safetensors': writeSafetensors(IMAGES) };
    const limited = await resultOf(gpu, TRAIN, files);
    const full = await resultOf(await testGpu(), TRAIN, files);
    const losses = ({ result }: typeof full) =>
      (result as { replicas: { losses: number[]; swaLoss: number }[] }).replicas.flatMap((replica) => [
        ...replica.losses,
        replica.swaLoss,
      ]);
    expect(losses(limited)).toHaveLength(18);
    losses(full).forEach((loss, i) => {
      expect(losses(limited)[i]).toBeCloseTo(loss, 4);
    });
    Object.assign(files, {
      'model.json': new TextEncoder().encode(JSON.stringify(MODEL)),
      'w.safetensors': limited.tensors!,
    });
    const measure = {
      job: 'measure',
      model: 'model.json',
      weights: 'w.safetensors',
      weights_prefix: 'replica.0.',
      data: 'images.safetensors',
      eval: true,
      eigenvalues: 1,
      trace: true,
    } as unknown as JobSpec;
    const [one, other] = [
      await resultOf(gpu, measure, files),
      await resultOf(await testGpu(), measure, files),
    ];
    const top = ({ result }: typeof one) =>
      (result as { hessian: { eigenvalues: { value: number }[] } }).hessian.eigenvalues[0]!.value;
    expect(top(one) / top(other)).toBeCloseTo(1, 3);
    expect(gpu.errors).toEqual([]);
  });

  test(`with the default limits and no feature every kernel of ${Object.keys(families).join(', ')} agrees with float64`, {
    timeout: 1_800_000,
  }, async () => {
    const rows = [];
    for await (const { row } of selftest(await open(), families)) rows.push(row);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ ok, deterministic }) => !ok || !deterministic)).toEqual([]);
  });
}
