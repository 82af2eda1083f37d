import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { nodeGpu } from '../../src/cli/nodeGpu.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import { pendingWaits } from '../../src/gpu/orLost.ts';
import { RunControl } from '../../src/host/runControl.ts';
import { runJob } from '../../src/jobs/job.ts';
import { noise } from '../../src/measure/noise.ts';
import { batchNorm1d, linear, relu, sequential } from '../../src/nn/layers.ts';
import { train } from '../../src/train/train.ts';
import { NO_MEMORY, watchBuffers } from '../gpu/watchBuffers.ts';

const WARM = 10;
/** Runs before them, in which V8 comes to have all bytecode and feedback that they take. */
const COMPILED = 60;
/** The heap may be larger by so much of it. */
const SHARE = 0.02;

const DATA = 'gaussian-clusters?examples=300&classes=3&dims=5';
const data = syntheticDataset(DATA);
const layers = sequential(linear(5, 8), batchNorm1d(8), relu(), linear(8, 3));

// Optimised code is on the heap too, and grows over hundreds of runs.
for (const flag of ['--expose-gc', '--no-opt', '--no-sparkplug', '--no-lazy-feedback-allocation']) {
  setFlagsFromString(flag);
}
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use after everything that can go is gone: reads that a disposal cut short wait a second for a loss. */
async function heap(gpu: Gpu): Promise<number> {
  await expect.poll(() => pendingWaits(gpu), { timeout: 5000 }).toBe(0);
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((settled) => setTimeout(settled, 20));
  }
  return process.memoryUsage().heapUsed;
}

/** Fails unless the work does, with this in its message; without Vitest, which remembers each error that it has seen. */
async function refusal(work: () => Promise<void>, message: string): Promise<void> {
  const failure = await work().then(
    () => 'no failure',
    (error: Error) => error.message,
  );
  if (!failure.includes(message)) throw new Error(`expected a failure with ${message}, found ${failure}`);
}

/** Opens so many runs, whole and failing, and holds the memory that they leave. */
export function testMemory(runs: number): void {
  test(`${runs} runs opened, failed at every point and disposed: memory is that after ${WARM}`, {
    timeout: 300_000,
  }, async () => {
    const entry = await nodeGpu({ install: true });
    const gpu = await openDevice(entry);
    const watch = watchBuffers(gpu);
    const job = {
      job: 'train' as const,
      model: { hidden: [9] },
      data: DATA,
      batch_size: 16,
      steps: 8,
      optimizer: { lr: 0.1 },
      measure: { every: 2 },
      averaging: { type: 'swa' as const, start: 2, every: 2 },
    };
    const host = { read: (path: string) => Promise.reject(new Error(path)) };
    const settings = { model: layers, data, steps: 40, batchSize: 20, grid: { lr: [0.1, 0.2] } };
    const averaging = { kind: 'swa' as const, start: 1, every: 1 };

    const library = async (): Promise<void> => {
      const run = await train(gpu, { ...settings, averaging });
      try {
        for await (const _ of run.readings(20));
        await run.evaluate();
        await run.evaluate(undefined, { which: 'averaged' });
        const at = await run.point(1, { mode: 'eval' });
        try {
          await at.measure({ noise: noise({ probes: 2 }) });
        } finally {
          at.dispose();
        }
        for await (const { step } of run.readings()) if (step > 25) break;
      } finally {
        run.dispose();
      }
    };
    const train8 = async (): Promise<void> => {
      for await (const _ of runJob(gpu, job, host));
    };
    const count = async (work: () => Promise<void>): Promise<number> => {
      const before = watch.made();
      await work();
      return watch.made() - before;
    };
    const buffers = { library: await count(library), job: await count(train8) };

    /** One run: whole, left early, stopped, refused, or failing at one buffer or another. */
    const one = async (i: number): Promise<void> => {
      const failing = (work: () => Promise<void>, all: number): Promise<void> => {
        watch.failAfter((7 * i) % all);
        return refusal(work, NO_MEMORY);
      };
      switch (i % 6) {
        case 0:
          return library();
        case 1:
          return failing(library, buffers.library);
        case 2:
          return failing(train8, buffers.job);
        case 3:
          return refusal(async () => {
            for await (const _ of runJob(gpu, { ...job, batch_size: 4e7, order: 'iid' }, host));
          }, 'batch_size');
        case 4: {
          const control = new RunControl();
          for await (const event of runJob(gpu, job, host, control))
            if (event.type === 'readings') control.stop();
          return;
        }
        default:
          for await (const event of runJob(gpu, job, host)) if (event.type === 'readings') break;
      }
    };

    let warm = 0;
    for (let i = 0; i < COMPILED; i++) await one(i);
    for (let i = 0; i < runs; i++) {
      await one(i);
      if (i === WARM - 1) warm = await heap(gpu);
    }
    const end = await heap(gpu);
    console.info(
      `heap after ${WARM} runs ${(warm / 1e6).toFixed(2)} MB, after ${runs} ${(end / 1e6).toFixed(2)} MB ` +
        `(${((100 * (end - warm)) / warm).toFixed(2)} %); ${watch.made()} buffers made, ${watch.held()} bytes held`,
    );
    expect(watch.held()).toBe(0);
    expect(end).toBeLessThan((1 + SHARE) * warm);
    watch.stop();
    gpu.dispose();
  });
}
