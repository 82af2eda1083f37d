import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import * as ops from '../../src/ops/index.ts';
import { read } from '../../src/ops/leaf.ts';
import { lowerInPasses } from '../../src/ops/matmul.ts';
import { apply, type Op } from '../../src/ops/op.ts';
import { store } from '../../src/ops/state/store.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

const R = 3;

/** The workgroups along the replicas of every dispatch of a kernel family. */
async function replicasOf(
  family: string,
  trace: (
    graph: Graph,
    own: (...shape: number[]) => Tensor,
    shared: (...shape: number[]) => Tensor,
  ) => Tensor,
): Promise<number[]> {
  const gpu = await testGpu();
  const states: State[] = [];
  const graph = new Graph();
  const operand =
    (replicas: number | undefined) =>
    (...shape: number[]): Tensor => {
      states.push(new State(gpu, { label: `operand ${states.length}`, shape, replicas }));
      return read(graph, states.at(-1)!);
    };
  const y = trace(graph, operand(R), operand(undefined));
  states.push(new State(gpu, { label: 'result', shape: y.shape, replicas: R }));
  store(states.at(-1)!, y);
  const arena = new Arena(gpu);
  const program = await compile(gpu, graph, { label: 'shared', replicas: R, arena });
  const found = program.dispatches
    .filter(({ kernel }) => kernel.startsWith(family))
    .map(({ grid }) => grid[2]);
  for (const made of [program, arena, ...states]) made.dispose();
  return found;
}

test('what the replicas share is computed once, whatever of their own is done with it', async () => {
  const products = [
    replicasOf('matmul', (_, own, shared) =>
      ops.add(ops.matmul('NT', shared(5, 7), shared(3, 7)), own(5, 3)),
    ),
    replicasOf('conv', (_, own, shared) =>
      ops.add(ops.conv2d(shared(2, 3, 5, 5), shared(4, 3, 2, 2), null), own(2, 4, 4, 4)),
    ),
  ];
  for (const found of await Promise.all(products)) expect(found).toEqual([1]);
  const pair = await replicasOf('matmul', (_, own, shared) =>
    ops.add(ops.matmul('NT', shared(5, 7), shared(3, 7)), ops.matmul('NT', own(5, 7), shared(3, 7))),
  );
  expect(pair.sort()).toEqual([1, R]);
  const norms = await replicasOf('norm/normalize', (_, own, shared) => {
    const view = ops.axisOneView([5, 3, 7]);
    return ops.scaleShift(ops.normalize(shared(5, 3, 7), view, 1e-5).y, own(3), null, view);
  });
  expect(new Set(norms)).toEqual(new Set([1]));
});

test('what the replicas share, beside their own, has the same bits as alone', async () => {
  const [a, b] = [randomValues(35, 1), randomValues(21, 2)];
  const addends = Array.from({ length: R }, (_, r) => randomValues(15, 10 + r));
  const f = ([x, w, c]: Tensor[]): Tensor[] => [ops.relu(ops.add(ops.matmul('NT', x!, w!), c!))];
  const shared = [
    { shape: [5, 7], values: a },
    { shape: [3, 7], values: b },
  ];
  const [together] = await evaluate([...shared, { shape: [5, 3], values: addends }], f, R);
  for (const [r, values] of addends.entries()) {
    const [alone] = await evaluate([...shared, { shape: [5, 3], values }], f);
    expect(together![r]).toEqual(alone![0]);
  }
});

test('a pair of products with an addend is whole in passes too', async () => {
  const inPasses: Op = {
    name: 'pair in passes',
    lower: ({ inputs: [a, b, a2, b2, bias, addend, y], outputs: [c] }, to) => {
      const shape = {
        form: 'NT',
        m: 5,
        n: 3,
        k: 7,
        k2: 9,
        bias: true,
        addend: true,
        activation: 'none',
        mask: 'relu',
      } as const;
      lowerInPasses(to, shape, { a: a!, b: b!, a2, b2, bias, addend, y, c: c! });
    },
  };
  const shapes = [[5, 7], [3, 7], [5, 9], [3, 9], [3], [5, 3], [5, 3]];
  const operands = shapes.map((shape, i) => ({
    shape,
    values: randomValues(
      shape.reduce((n, e) => n * e, 1),
      i,
    ),
  }));
  const [found] = await evaluate(operands, (inputs) => [apply(inPasses, inputs, {}, { shape: [5, 3] })]);
  const [a, b, a2, b2, bias, addend, y] = operands.map(({ values }) => values) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const dot = (x: Float32Array, w: Float32Array, k: number, m: number, n: number): number =>
    Array.from({ length: k }, (_, i) => x[m * k + i]! * w[n * k + i]!).reduce((sum, v) => sum + v, 0);
  found![0]!.forEach((value, i) => {
    const [m, n] = [Math.floor(i / 3), i % 3];
    const whole = dot(a, b, 7, m, n) + dot(a2, b2, 9, m, n) + bias[n]! + addend[i]!;
    // 18 terms of at most 1.
    expect(Math.abs(value - (y[i]! > 0 ? whole : 0))).toBeLessThan(18 * 18 * 2 ** -24);
  });
});
