import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { FinishedParts } from '../../src/host/finishedParts.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { type JobEvent, type JobHost, type JobSpec, runJob } from '../../src/jobs/job.ts';
import { onDevices } from '../../src/jobs/onDevices.ts';

/** What a run left behind, and how it went. */
export interface Ended {
  /** As a file has it, but for its date. */
  readonly result: string;
  readonly tensors: Uint8Array | undefined;
  /** How many of the blows came to fall. */
  readonly fell: number;
  readonly devices: number;
  /** Steps of the readings that were told. */
  readonly steps: readonly number[];
}

/** Where a device is destroyed: once, after an event of which this is true. */
export type Blow = (event: JobEvent) => boolean;

/** Runs a job, and destroys its device at each blow in turn. */
export async function runUnderBlows(
  open: () => Promise<Gpu>,
  spec: JobSpec,
  host: JobHost,
  blows: readonly Blow[],
): Promise<Ended> {
  const devices: Gpu[] = [];
  const opened = async (): Promise<Gpu> => {
    devices.push(await open());
    return devices.at(-1)!;
  };
  const steps: number[] = [];
  let next = 0;
  let last: JobEvent | undefined;
  const events = onDevices(
    opened,
    (gpu, { finished, known }) =>
      runJob(gpu, spec.job === 'train' ? { ...spec, known } : spec, host, undefined, finished),
    // Whatever can be kept is.
    new FinishedParts({ interval: 0, share: 1 }),
  );
  for await (const event of events) {
    last = event;
    if (event.type === 'readings') steps.push(...event.readings.map(({ step }) => step));
    if (!blows[next]?.(event)) continue;
    next++;
    devices.at(-1)!.device.destroy();
  }
  const { result, tensors } = last as Extract<JobEvent, { type: 'result' }>;
  const { date: _, ...rest } = result as Record<string, unknown>;
  return { result: JSON.stringify(rest), tensors, fell: next, devices: devices.length, steps };
}

const DATA = 'gaussian-clusters?examples=90&test=30&classes=3&dims=5';
const MODEL = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 8 },
    { type: 'BatchNorm1d', num_features: 8 },
    { type: 'ReLU' },
    { type: 'Dropout', p: 0.2 },
    { type: 'Linear', in_features: 8, out_features: 3 },
  ],
  loss: 'cross_entropy',
};
const STEPS = 240;
export const TRAIN = {
  job: 'train',
  model: MODEL,
  data: DATA,
  batch_size: 16,
  steps: STEPS,
  seed: 3,
  optimizer: { lr: 0.05, momentum: 0.9 },
  averaging: { type: 'swa', start: 60, every: 20 },
  measure: { every: 25, small_batch: 4 },
  // Nor are steps told together that are on both sides of one.
  evaluate: { every: 12 },
  replicas: [{ seed: 1 }, { seed: 2 }],
} as unknown as JobSpec;

const POINT = { model: 'model.json', data: DATA, weights: 'w.safetensors' };

export function hostOf(): JobHost {
  const files: Record<string, Uint8Array> = {
    'model.json': new TextEncoder().encode(
      JSON.stringify({
        layers: [MODEL.layers[0], MODEL.layers[2], MODEL.layers[4]],
        loss: 'cross_entropy',
      }),
    ),
  };
  for (const [name, seed] of [
    ['w.safetensors', 0],
    ['v.safetensors', 7],
  ] as const) {
    const tensor = (shape: number[]): HostTensor => ({
      dtype: 'F32',
      shape,
      data: Float32Array.from(
        { length: shape.reduce((a, b) => a * b) },
        (_, i) => (((i + seed) * 37) % 19) / 19 - 0.5,
      ),
    });
    files[name] = writeSafetensors(
      new Map([
        ['0.weight', tensor([8, 5])],
        ['0.bias', tensor([8])],
        ['2.weight', tensor([3, 8])],
        ['2.bias', tensor([3])],
      ]),
    );
  }
  return {
    find: async (path) => ({ path, is: files[path] ? 'file' : 'nothing' }),
    read: async (path) => files[path] ?? Promise.reject(new Error(`asked for ${path}`)),
  };
}

const phase =
  (named: string): Blow =>
  (event) =>
    event.type === 'phase' && event.phase === named;
/** The n-th time since the run was opened that it tells how far it is: something was kept by then. */
const steps = (n: number): Blow => {
  let seen = 0;
  return (event) => {
    if (event.type === 'phase' && event.phase === 'compiling') seen = 0;
    return event.type === 'progress' && event.done < STEPS && ++seen === n;
  };
};
const progress: Blow = (event) => event.type === 'progress' && event.done < event.total;

/** Jobs of one point, and where their devices are destroyed. */
export const POINT_JOBS: readonly (readonly [JobSpec, readonly Blow[]])[] = [
  [
    { job: 'measure', ...POINT, eigenvalues: 2, density: true, trace: true, starts: 2, steps: 4 } as JobSpec,
    [progress, phase('estimating the spectral density')],
  ],
  [{ job: 'sharpness', ...POINT, epsilon: [1e-3, 5e-4], iterations: 3 } as JobSpec, [progress]],
  [
    {
      job: 'landscape',
      kind: 'line',
      model: POINT.model,
      data: DATA,
      from: POINT.weights,
      to: 'v.safetensors',
      // More than are evaluated at once.
      points: 7000,
    } as JobSpec,
    [progress],
  ],
];

/** Blows at the beginning, at steps of the run, and while it evaluates. */
export function blowsOf(count: number): Blow[] {
  const within = Array.from({ length: count - 2 }, (_, i) => steps(i % 5 === 0 ? 3 : 2));
  return [phase('compiling'), ...within, phase('evaluating')];
}
