import { expect, test } from 'vitest';
import { jvp } from '../../src/autograd/jvp.ts';
import { grad } from '../../src/autograd/vjp.ts';
import { flatLayout, pack, unpack } from '../../src/ops/flat.ts';
import { gelu } from '../../src/ops/gelu.ts';
import { geluTanh } from '../../src/ops/geluTanh.ts';
import type { Tensor } from '../../src/ops/graph.ts';
import { linear } from '../../src/ops/linear.ts';
import { relu } from '../../src/ops/relu.ts';
import { sigmoid } from '../../src/ops/sigmoid.ts';
import { softmaxCrossEntropy } from '../../src/ops/softmaxCrossEntropy.ts';
import { mean } from '../../src/ops/sum.ts';
import { tanh } from '../../src/ops/tanh.ts';
import { type MlpReference, mlpHessianProduct, mlpLossAndGradient } from './mlpReference.ts';
import { evaluate, randomValues } from './trace.ts';

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const cubic = (z: number): number => SQRT_2_OVER_PI * (z + 0.044715 * z ** 3);

const ACTIVATIONS: Record<
  string,
  { op: (x: Tensor) => Tensor; f: (z: number) => number; df: (z: number) => number }
> = {
  relu: { op: relu, f: (z) => Math.max(0, z), df: (z) => (z > 0 ? 1 : 0) },
  tanh: { op: tanh, f: Math.tanh, df: (z) => 1 - Math.tanh(z) ** 2 },
  sigmoid: {
    op: sigmoid,
    f: (z) => 1 / (1 + Math.exp(-z)),
    df: (z) => Math.exp(-z) / (1 + Math.exp(-z)) ** 2,
  },
  gelu: {
    op: gelu,
    f: (z) => z * normal(z),
    df: (z) => normal(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI),
  },
  geluTanh: {
    op: geluTanh,
    f: (z) => 0.5 * z * (1 + Math.tanh(cubic(z))),
    df: (z) =>
      0.5 * (1 + Math.tanh(cubic(z))) +
      0.5 * z * (1 - Math.tanh(cubic(z)) ** 2) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * z * z),
  },
};

/** Φ by its Maclaurin series, to float64 rounding for |z| < 6. */
function normal(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; n < 200; n++) {
    term *= (z * z) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

const CASES = [
  { widths: [7, 5, 3], batch: 33 },
  { widths: [12, 8, 4], batch: 1 },
  { widths: [65, 33, 9, 10], batch: 20 },
];

for (const [name, { op, f, df }] of Object.entries(ACTIVATIONS)) {
  test(`the fused MLP with ${name}: loss, gradient and jvp(grad) against float64`, async () => {
    for (const { widths, batch } of CASES) {
      const model: MlpReference = { widths, activation: f, derivative: df };
      const layout = flatLayout(
        widths.slice(1).flatMap((outputs, l) => [
          { name: `${l}.weight`, shape: [outputs, widths[l]!] },
          { name: `${l}.bias`, shape: [outputs] },
        ]),
      );
      const flat = (seed: number): Float32Array => {
        const values = new Float32Array(layout.length);
        layout.entries.forEach((e, i) => {
          const scale = 1 / Math.sqrt(e.shape[1] ?? 4);
          values.set(
            randomValues(e.elements, seed + i).map((v) => v * scale * 2),
            e.offset,
          );
        });
        return values;
      };
      const split = (values: Float32Array): Float64Array[] =>
        layout.entries.map((e) => Float64Array.from(values.subarray(e.offset, e.offset + e.elements)));
      const [theta, v] = [flat(1), flat(100)];
      const x = randomValues(batch * widths[0]!, 7);
      const classes = widths.at(-1)!;
      const labels = Uint32Array.from({ length: batch }, (_, n) => (n * 7) % classes);

      const [loss, gradient, product] = await evaluate(
        [
          { shape: [layout.length], values: theta },
          { shape: [layout.length], values: v },
          { shape: [batch, widths[0]!], values: x },
          { shape: [batch], values: labels },
        ],
        ([flatTheta, flatV, input, target]) => {
          const parameters = unpack(flatTheta!, layout);
          let h = input!;
          for (let l = 0; l < widths.length - 1; l++) {
            h = linear(h, parameters[2 * l]!, parameters[2 * l + 1]!);
            if (l < widths.length - 2) h = op(h);
          }
          const losses = softmaxCrossEntropy(h, target!);
          const g = pack(layout, grad(mean(losses), parameters));
          const [hv] = jvp([g], [[flatTheta!, flatV!]]);
          return [losses, g, hv!];
        },
      );
      const expected = mlpLossAndGradient(model, split(theta), x, labels);
      const expectedProduct = mlpHessianProduct(model, split(theta), split(v), x, labels);
      expectClose(loss![0]!, expected.losses, 1e-5);
      expectClose(concatenate(split(gradient![0]!)), concatenate(expected.gradient), 1e-5);
      expectClose(
        concatenate(split(product![0]!)),
        concatenate(expectedProduct),
        name === 'relu' ? 1e-3 : 1e-4,
      );
    }
  });
}

function concatenate(parts: Float64Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

/** Largest difference over the largest expected value. */
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const values = Array.from(expected);
  const scale = Math.max(...values.map(Math.abs));
  const error = Math.max(...values.map((value, i) => Math.abs(value - found[i]!)));
  expect(error / scale).toBeLessThan(tolerance);
}
