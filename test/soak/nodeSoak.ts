import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { nodeGpu } from '../../src/cli/nodeGpu.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import { RunControl } from '../../src/host/runControl.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';
import { type Blow, hostOf, POINT_JOBS, runUnderBlows, TRAIN } from '../gpu/jobsUnderBlows.ts';
import { type BufferWatch, watchBuffers } from '../gpu/watchBuffers.ts';
import type { Draw, Soaked } from './soaked.ts';
import type { Held } from './watch.ts';

/** A run with every instrument, evaluations, an average and snapshots. */
const MEASURED_RUN = {
  job: 'train',
  model: { hidden: [7], activation: 'Tanh' },
  data: 'gaussian-clusters?examples=600&test=300&classes=3&dims=5',
  batch_size: 20,
  steps: 40,
  seed: 2,
  optimizer: { type: 'sgd', lr: 0.1, momentum: 0.5 },
  averaging: { type: 'ema', decay: 0.9 },
  instruments: [
    { type: 'noise_scale', every: 4, tests: true },
    { type: 'eigenvalue', every: 10, examples: 60 },
    { type: 'hessian_noise', every: 10, examples: 60 },
    { type: 'batch_sharpness', every: 10 },
    { type: 'density', at: [20], examples: 60 },
    { type: 'keskar', at: [30], epsilon: 1e-3, examples: 60 },
    { type: 'distance', every: 5 },
    { type: 'accuracy', every: 20, split: 'test' },
  ],
  evaluate: { every: 20 },
  snapshot: { file: 'run.snapshot', every: 10 },
} as unknown as JobSpec;

/** What a soak under Node does, by name. */
export const JOBS: Readonly<Record<string, JobSpec>> = {
  train: TRAIN,
  instruments: MEASURED_RUN,
  ...Object.fromEntries(POINT_JOBS.map(([spec]) => [spec.job, spec])),
};

/** Of jobs that were done before, so many are stopped on the way. */
const STOPPED = 0.15;

/** @param losses how many a job has at most */
export async function nodeSoak(
  draw: Draw,
  { jobs, losses }: { readonly jobs: readonly string[]; readonly losses: number },
): Promise<Soaked> {
  const specs = jobs.map((name) => {
    const spec = JOBS[name];
    if (!spec) throw new Error(`no job ${name}, expected some of ${Object.keys(JOBS).join(', ')}`);
    return spec;
  });
  // One for all devices, as a command has it.
  const entryPoint = await nodeGpu();
  if (!entryPoint) throw new Error('soak: WebGPU under Node found no adapter');
  const watches: BufferWatch[] = [];
  const counts = { jobs: 0, stopped: 0, losses: 0 };
  const leaving: { readonly what: string; readonly watch: BufferWatch }[] = [];
  let left = 0;
  const first = new Map<JobSpec, string>();

  const open = async (): Promise<Gpu> => {
    const gpu = await openDevice({ gpu: entryPoint.gpu, engine: entryPoint.engine });
    watches.push(watchBuffers(gpu));
    return gpu;
  };
  const host = hostOf();

  /** A device is destroyed with some probability at each phase that is told. */
  const blows = (): Blow[] =>
    Array.from({ length: Math.floor((losses + 1) * draw()) }, (): Blow => {
      let wait = Math.floor(3 * draw());
      return (event) => event.type === 'phase' && wait-- <= 0;
    });

  /** @returns in which phase the job was stopped */
  const stopOnTheWay = async (spec: JobSpec): Promise<string> => {
    const gpu = await open();
    const control = new RunControl();
    let wait = Math.floor(8 * draw());
    let phase = '';
    for await (const event of runJob(gpu, spec, host, control)) {
      if (event.type === 'phase' && !control.stopped) phase = event.phase;
      if (['phase', 'progress'].includes(event.type) && wait-- === 0) control.stop();
    }
    gpu.dispose();
    counts.stopped++;
    return phase;
  };

  return {
    async next() {
      const spec = specs[Math.floor(specs.length * draw())]!;
      const stops = first.has(spec) && draw() < STOPPED;
      let what: string = spec.job;
      if (stops) what += `, stopped ${await stopOnTheWay(spec)}`;
      else {
        const given = first.has(spec) ? blows() : [];
        const { result, tensors, fell } = await runUnderBlows(open, spec, host, given);
        const digest = createHash('sha256')
          .update(result)
          .update(tensors ?? '')
          .digest('hex');
        counts.losses += fell;
        what += `, ${fell} losses`;
        if (!first.has(spec)) first.set(spec, digest);
        if (first.get(spec) !== digest)
          throw new Error(`${spec.job}: other bytes than at first, after ${counts.jobs} jobs`);
      }
      counts.jobs++;
      for (const watch of watches.splice(0)) if (watch.held() > 0) leaving.push({ what, watch });
    },
    get done() {
      return `${counts.jobs} jobs, ${counts.stopped} of them stopped, ${counts.losses} losses`;
    },
    async held() {
      const held = await heldHere();
      for (const { what, watch } of leaving.splice(0)) {
        // A read-back under way is freed when it is told that its device is gone.
        await expectNone(watch);
        if (watch.held() > 0) console.log(`${what}: leaves ${watch.held()} bytes`);
        left += watch.held();
      }
      return { ...held, buffers: left };
    },
    async close() {},
  };
}

/** Milliseconds in which what is under way comes to its end. */
const PATIENCE = 2000;

async function expectNone(watch: BufferWatch): Promise<void> {
  for (let waited = 0; watch.held() > 0 && waited < PATIENCE; waited += 100) {
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** What this process holds now. */
async function heldHere(): Promise<Omit<Held, 'buffers'>> {
  // Finalizers of what a collection found come in turns of their own, and free more.
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((done) => setTimeout(done, 20));
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const handles = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return { rss, heap: heapUsed + arrayBuffers, handles };
}
