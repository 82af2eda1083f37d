import { expect, test } from 'vitest';
import { jvp } from '../../src/autograd/jvp.ts';
import { grad, vjp } from '../../src/autograd/vjp.ts';
import { attend } from '../../src/ops/attention.ts';
import { headsTogether, thirds } from '../../src/ops/attentionHeads.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { attention, fill, selfAttention, sum } from '../../src/ops/index.ts';
import {
  attention as reference,
  attentionGradient as referenceGradient,
} from '../../src/reference/attention.ts';
import { attentionTrials } from '../../src/selftest/cases/attention.ts';
import { prepareTrial, runTrial, trialsFor } from '../../src/selftest/runTrial.ts';
import { testGpu } from './device.ts';
import { evaluate, type Operand, randomValues } from './trace.ts';

test('every case of the self-test is as its float64 reference, twice with the same bits', async () => {
  const gpu = await testGpu();
  const failed = [];
  for (const trial of trialsFor(gpu, attentionTrials())) {
    const prepared = await prepareTrial(gpu, trial);
    const row = await runTrial(gpu, prepared);
    if (!row.ok) failed.push(row);
    prepared.dispose();
  }
  expect(failed).toEqual([]);
}, 300_000);

const of = (shape: readonly number[], seed: number): Operand => ({
  shape,
  values: randomValues(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
});
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, v, i) => total + v * b[i]!, 0);
const largest = (of: ArrayLike<number>): number =>
  Array.from(of).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

const SHAPES: readonly (readonly number[])[] = [
  [1, 1, 3],
  [2, 3, 33, 5],
  [1, 127, 1],
  [1, 1, 65, 64],
];

for (const shape of SHAPES) {
  for (const causal of [false, true]) {
    test(`${shape.join(' × ')}${causal ? ', causal' : ''}: tangents and Hessian products are adjoint and symmetric`, async () => {
      const operands = Array.from({ length: 12 }, (_, i) => of(shape, 3 + i));
      const trace = (inputs: Tensor[]): Tensor[] => {
        const [x, u, v] = [0, 3, 6].map((from) => inputs.slice(from, from + 3)) as [
          Tensor[],
          Tensor[],
          Tensor[],
        ];
        const c = inputs[9]!;
        const o = attention(x[0]!, x[1]!, x[2]!, { causal });
        const along = (by: Tensor[]) => x.map((tensor, i): [Tensor, Tensor] => [tensor, by[i]!]);
        // Weighed by c, so that the second derivatives are none of a constant.
        const gradients = vjp([[o, c]], x).of as Tensor[];
        return [
          o,
          jvp(o, along(u))!,
          ...gradients,
          ...jvp(gradients, along(u)).map((t, i) => t ?? fill(o.node.graph, 0, x[i]!.shape)),
          ...jvp(gradients, along(v)).map((t, i) => t ?? fill(o.node.graph, 0, x[i]!.shape)),
        ];
      };
      const found = (await evaluate(operands, trace)).map(([values]) => values!);
      const values = operands.map((operand) => operand.values as Float32Array);
      const [places, width] = shape.slice(-2) as [number, number];
      const extents = { places, width, causal, scale: 1 / Math.sqrt(width) };
      const [q, k, v] = values as [Float32Array, Float32Array, Float32Array];
      const { o } = reference(q, k, v, extents);
      const { dq, dk, dv } = referenceGradient(q, k, v, values[9]!, extents);
      [o, dq, dk, dv].forEach((wanted, i) => {
        const here = found[[0, 2, 3, 4][i]!]!;
        const worst = largest(wanted.map((w, e) => w - here[e]!));
        expect(worst, ['o', 'dq', 'dk', 'dv'][i]).toBeLessThan(1e-5 * Math.max(1, largest(wanted)));
      });
      const products = (from: number, with_: number): number =>
        [0, 1, 2].reduce((total, i) => total + dot(found[from + i]!, values[with_ + i]!), 0);
      const size = [0, 1, 2].reduce((total, i) => total + largest(values[3 + i]!) * values[0]!.length, 1);
      expect(Math.abs(dot(found[1]!, values[9]!) - products(2, 3))).toBeLessThan(1e-6 * size);
      expect(Math.abs(products(5, 6) - products(8, 3))).toBeLessThan(1e-6 * size);
      expect((await evaluate(operands, trace)).map(([again]) => again)).toEqual(found);
    }, 120_000);
  }
}

test('heads side by side give the bits of heads apart, and so do their gradients', async () => {
  for (const [width, causal] of [
    [8, true],
    [3, false],
  ] as const) {
    const heads = 2;
    const shape = [3, 33, 3 * heads * width];
    const weigh = of([3, 33, heads * width], 2);
    const [side, sideGradient, apart, apartGradient] = await evaluate([of(shape, 1), weigh], ([x, c]) => {
      const parts = thirds(x!, heads);
      const results = [
        selfAttention(x!, heads, { causal }),
        headsTogether(attention(parts[0]!, parts[1]!, parts[2]!, { causal }), heads),
      ];
      return results.flatMap((o) => [o, vjp([[o, c!]], [x!]).of[0]!]);
    });
    expect(side).toEqual(apart);
    // Apart, thirds are added to zeros, which takes away the sign of one.
    expect(sideGradient![0]!.map((v) => v + 0)).toEqual(apartGradient![0]!.map((v) => v + 0));
  }
});

test('three replicas have the bits that each has alone', async () => {
  const shape = [2, 33, 16];
  const each = [1, 2, 3].map((seed) => randomValues(2 * 33 * 16, seed));
  const shared = of(shape, 9);
  const trace = ([q, k]: Tensor[]): Tensor[] => {
    const o = attention(q!, k!, k!, { causal: true });
    return [o, ...(grad(sum(o), [q!, k!]) as Tensor[])];
  };
  const together = await evaluate([{ shape, values: each }, shared], trace, 3);
  for (const [replica, values] of each.entries()) {
    const alone = await evaluate([{ shape, values }, shared], trace);
    expect(alone.map(([one]) => one)).toEqual(together.map((of) => of[replica]));
  }
});

test('what a causal query does not see does not count, and what it sees is not hidden', async () => {
  const [places, width] = [33, 4];
  const at = 20;
  for (const bad of [NaN, Infinity]) {
    for (const which of [0, 1, 2]) {
      const operands = [1, 2, 3].map((seed) => of([1, places, width], seed));
      const values = operands[which]!.values as Float32Array;
      const fine = await evaluate(
        operands.map((o) => ({ ...o, values: (o.values as Float32Array).slice() })),
        outputs,
      );
      values[at * width] = bad;
      const [o, dq] = await evaluate(operands, outputs);
      const isNumber = (row: number, of: Float32Array): boolean =>
        of.subarray(row * width, (row + 1) * width).every((v) => !Number.isNaN(v));
      // Of a query, its own row alone; of a key and a value, all rows from theirs on.
      for (let row = 0; row < places; row++) {
        if (row < at) {
          for (const [here, before] of [
            [o![0]!, fine[0]![0]!],
            [dq![0]!, fine[1]![0]!],
          ] as const) {
            expect([...here.subarray(row * width, (row + 1) * width)]).toEqual([
              ...before.subarray(row * width, (row + 1) * width),
            ]);
          }
        } else if (row === at && Number.isNaN(bad)) {
          expect(isNumber(row, o![0]!)).toBe(false);
          expect(isNumber(row, dq![0]!)).toBe(false);
        } else if (which === 0 && row > at) expect(isNumber(row, o![0]!)).toBe(true);
        else if (Number.isNaN(bad)) expect(isNumber(row, o![0]!)).toBe(false);
      }
    }
  }
});

function outputs([q, k, v]: Tensor[]): Tensor[] {
  const o = attention(q!, k!, v!, { causal: true });
  return [o, grad(sum(o), q!)];
}

test('scores beyond what exp takes give the largest one all of the weight', async () => {
  const [places, width] = [5, 4];
  const q = new Float32Array(places * width).fill(1e4);
  const k = Float32Array.from({ length: places * width }, (_, i) =>
    Math.floor(i / width) === 2 ? 1e4 : -1e4,
  );
  const v = randomValues(places * width, 1);
  const shape = [1, places, width];
  const [o, l] = await evaluate(
    [q, k, v].map((values) => ({ shape, values })),
    ([q, k, v]) => {
      return attend([q!, k!, v!], { causal: false, scale: 1 });
    },
  );
  for (let t = 0; t < places; t++) {
    expect(o![0]!.slice(t * width, (t + 1) * width)).toEqual(v.slice(2 * width, 3 * width));
    expect(l![0]![t]).toBe(4e8);
  }
});

test('what it cannot take is refused by name', () => {
  const graph = new Graph();
  const x = (...shape: number[]): Tensor => fill(graph, 1, shape);
  expect(() => attention(x(3, 4), x(3, 4), x(4, 3))).toThrow(
    'attention: [3, 4], [3, 4], [4, 3], expected three of […, T, d]',
  );
  expect(() => attention(x(4), x(4), x(4))).toThrow('expected three of […, T, d]');
  expect(() => attention(x(3, 65), x(3, 65), x(3, 65))).toThrow(
    'attention: rows of 65 numbers, expected at most 64',
  );
  expect(() => attention(x(3, 4), x(3, 4), x(3, 4), { scale: NaN })).toThrow(
    'attention: scale: NaN, expected a finite number',
  );
  expect(() => selfAttention(x(2, 3, 12), 3)).toThrow(
    'selfAttention: [2, 3, 12] of 3 heads, expected [N, T, 3·H·d]',
  );
});
