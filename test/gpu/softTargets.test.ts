import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';
import { softTargetCrossEntropy } from '../../src/reference/softTargetCrossEntropy.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';

const [N, D, C] = [12, 5, 4];
const x = randomValues(N * D, 3);
const w = randomValues(C * D, 4);
const v = randomValues(C * D, 5);
/** Class probabilities: rows that sum to 1, but for their rounding to float32. */
const y = (() => {
  const positive = randomValues(N * C, 6).map((value) => 1.2 + value);
  return positive.map((value, i) => {
    const row = positive.subarray(i - (i % C), i - (i % C) + C);
    return value / row.reduce((sum, each) => sum + each, 0);
  });
})();

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const one = (name: string, values: Float32Array, shape: number[]) =>
  writeSafetensors(new Map([[name, { dtype: 'F32', shape, data: values }]]));
const files = new Map([
  [
    'm.json',
    text({
      layers: [{ type: 'Linear', in_features: D, out_features: C, bias: false }],
      loss: 'cross_entropy',
    }),
  ],
  ['w.safetensors', one('0.weight', w, [C, D])],
  ['v.safetensors', one('0.weight', v, [C, D])],
  [
    'd.safetensors',
    writeSafetensors(
      new Map([
        ['x', { dtype: 'F32', shape: [N, D], data: x }],
        ['y', { dtype: 'F32', shape: [N, C], data: y }],
      ]),
    ),
  ],
]);

async function run(spec: JobSpec) {
  const host = { read: async (path: string) => files.get(path)! };
  for await (const event of runJob(await testGpu(), spec, host)) {
    if (event.type !== 'result') continue;
    return { result: event.result as Record<string, unknown>, tensors: event.tensors! };
  }
  throw new Error('no result');
}

/** Losses of the examples of a linear softmax model at weights [C, D], and their gradients, in float64. */
function exact(weights: ArrayLike<number>, examples: readonly number[]) {
  const logits = (of: ArrayLike<number>) =>
    examples.flatMap((n) =>
      Array.from({ length: C }, (_, c) => {
        let sum = 0;
        for (let d = 0; d < D; d++) sum += of[c * D + d]! * x[n * D + d]!;
        return sum;
      }),
    );
  const targets = examples.flatMap((n) => Array.from(y.subarray(n * C, (n + 1) * C)));
  const shape = { rows: examples.length, classes: C };
  const { loss, gradient: delta } = softTargetCrossEntropy(logits(weights), targets, shape);
  const gradients = examples.map((n, i) =>
    Array.from({ length: C * D }, (_, k) => delta[i * C + Math.floor(k / D)]! * x[n * D + (k % D)]!),
  );
  const mean = Array.from(
    { length: C * D },
    (_, k) => gradients.reduce((sum, g) => sum + g[k]!, 0) / examples.length,
  );
  return { loss, gradients, mean, logits };
}

const all = Array.from({ length: N }, (_, n) => n);
const squared = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
const U = 2 ** -24;

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const errors = Array.from(found, (value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(...errors)).toBeLessThan(tolerance);
}

test('measure with class probabilities against float64 loops', async () => {
  const { result, tensors } = await run({
    job: 'measure',
    model: 'm.json',
    weights: 'w.safetensors',
    data: 'd.safetensors',
    hvp: 'v.safetensors',
  });
  const { loss, gradients, mean, logits } = exact(w, all);
  // Numbers of about 1 from some dozen roundings, exp and log of a few units each.
  const tolerance = 64 * U;
  expectClose(result.perExampleLoss as number[], loss, 2 * tolerance);
  expectClose([result.loss as number], [loss.reduce((a, b) => a + b) / N], 2 * tolerance);
  expectClose(result.perExampleGradNormSq as number[], gradients.map(squared), 4 * tolerance);
  expectClose([result.gradNormSq as number], [squared(mean)], 4 * tolerance);
  const trace =
    gradients.reduce((sum, g) => sum + squared(g.map((value, k) => value - mean[k]!)), 0) / (N - 1);
  expectClose([result.traceCovariance as number], [trace], 8 * tolerance);

  // (diag p − p pᵀ)(V xₙ) xₙᵀ, the mean over the examples; an example's targets sum to 1 but for their rounding.
  const [z, moved] = [logits(w), logits(v)];
  const product = new Float64Array(C * D);
  for (const n of all) {
    const exps = Array.from({ length: C }, (_, c) => Math.exp(z[n * C + c]!));
    const total = exps.reduce((a, b) => a + b);
    const p = exps.map((e) => e / total);
    const along = p.reduce((sum, pc, c) => sum + pc * moved[n * C + c]!, 0);
    for (let k = 0; k < C * D; k++) {
      const c = Math.floor(k / D);
      product[k]! += (p[c]! * (moved[n * C + c]! - along) * x[n * D + (k % D)]!) / N;
    }
  }
  const found = readSafetensors('t', tensors);
  expectClose(found.get('hvp.0.weight')!.data as Float32Array, product, 4 * tolerance);
  expectClose(found.get('grad.0.weight')!.data as Float32Array, mean, tolerance);
});

test('training with class probabilities follows float64, and has no accuracy', async () => {
  const [steps, B, lr] = [6, 4, 0.5];
  const { result, tensors } = await run({
    job: 'train',
    model: 'm.json',
    weights: 'w.safetensors',
    data: 'd.safetensors',
    order: 'sequential',
    batch_size: B,
    steps,
    optimizer: { lr },
  });
  const weights = Float64Array.from(w);
  const losses = Array.from({ length: steps }, (_, s) => {
    const { loss, mean } = exact(
      weights,
      Array.from({ length: B }, (_, i) => (s * B + i) % N),
    );
    mean.forEach((g, k) => {
      weights[k]! -= lr * g;
    });
    return loss.reduce((a, b) => a + b) / B;
  });
  expectClose(result.losses as number[], losses, 256 * U);
  expectClose(readSafetensors('t', tensors).get('0.weight')!.data as Float32Array, weights, 256 * U);
  expect(result.accuracy ?? null).toBeNull();
});

test('certain probabilities are class indices', async () => {
  const labels = all.map((n) => n % C);
  const data = (target: 'indices' | 'probabilities') =>
    writeSafetensors(
      new Map<string, HostTensor>([
        ['x', { dtype: 'F32', shape: [N, D], data: x }],
        [
          'y',
          target === 'indices'
            ? { dtype: 'I32', shape: [N], data: Int32Array.from(labels) }
            : {
                dtype: 'F32',
                shape: [N, C],
                data: Float32Array.from({ length: N * C }, (_, i) =>
                  labels[Math.floor(i / C)] === i % C ? 1 : 0,
                ),
              },
        ],
      ]),
    );
  const results = [];
  for (const target of ['indices', 'probabilities'] as const) {
    files.set('e.safetensors', data(target));
    const spec = { model: 'm.json', weights: 'w.safetensors', data: 'e.safetensors' };
    results.push((await run({ job: 'measure', ...spec, exact: true, trace: true })).result);
  }
  const [indices, probabilities] = results as [Record<string, number>, Record<string, number>];
  for (const key of ['loss', 'gradNormSq', 'traceCovariance', 'gHg', 'traceHessianCovariance']) {
    expect(Math.abs(probabilities[key]! / indices[key]! - 1)).toBeLessThan(256 * U);
  }
});
