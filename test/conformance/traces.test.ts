// @vitest-environment node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeGpu } from '../../src/cli/nodeGpu.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import { runJob } from '../../src/jobs/job.ts';

const CASES = ['measure-7-5-3-relu', 'measure-1-1-2-tanh', 'measure-sigmoid-mse', 'measure-gelu-tanh-mse'];

interface Traces {
  readonly parameters: number;
  readonly traceHessianCovariance: number;
  readonly traceHessianCovarianceProbeStderr?: number;
  readonly bNoise: number;
  readonly hessian: {
    readonly trace: { readonly value: number; readonly stderr: number; readonly probes: number };
  };
}

const file = (name: string, path: string): URL =>
  new URL(`../fixtures/cases/${name}/${path}`, import.meta.url);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openDevice({ gpu: (await nodeGpu({ install: true }))?.gpu });
}, 600_000);
afterAll(() => gpu?.dispose());

async function measure(name: string, settings: object): Promise<Traces> {
  const spec = {
    job: 'measure' as const,
    model: 'model.json',
    weights: 'weights.safetensors',
    data: 'data.safetensors',
    trace: true,
    ...settings,
  };
  const host = {
    read: async (path: string) => new Uint8Array(readFileSync(fileURLToPath(file(name, path)))),
  };
  for await (const event of runJob(gpu, spec, host))
    if (event.type === 'result') return event.result as Traces;
  throw new Error('no result');
}

test.for(CASES)('%s: tr(HΣ), B_noise and tr H, exact and by probes', { timeout: 120_000 }, async (name) => {
  const expected = JSON.parse(readFileSync(file(name, 'expected.json'), 'utf8')) as Traces;
  const close = (found: number, wanted: number, tolerance: number): void =>
    expect(Math.abs(found / wanted - 1)).toBeLessThan(tolerance);

  const exact = await measure(name, { exact: true });
  close(exact.traceHessianCovariance, expected.traceHessianCovariance, 2e-3);
  close(exact.bNoise, expected.bNoise, 5e-3);
  close(exact.hessian.trace.value, expected.hessian.trace.value, 2e-3);
  expect(exact.hessian.trace).toMatchObject({ stderr: 0, probes: expected.parameters });
  expect(exact.traceHessianCovarianceProbeStderr).toBeUndefined();

  const estimate = await measure(name, { probes: 48, seed: 1 });
  const within = (value: number, wanted: number, stderr: number): void =>
    expect(Math.abs(value - wanted)).toBeLessThan(4 * stderr);
  within(
    estimate.traceHessianCovariance,
    expected.traceHessianCovariance,
    estimate.traceHessianCovarianceProbeStderr!,
  );
  within(estimate.hessian.trace.value, expected.hessian.trace.value, estimate.hessian.trace.stderr);
  expect(estimate.hessian.trace.probes).toBe(48);
  // Twice the same seed, twice the same bits.
  expect(await measure(name, { probes: 48, seed: 1 })).toEqual(estimate);
});
