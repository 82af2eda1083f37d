import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { jvp } from '../../src/autograd/jvp.ts';
import { vjp } from '../../src/autograd/vjp.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { correct } from '../../src/ops/correct.ts';
import { fill } from '../../src/ops/fill.ts';
import { flatLayout, pack } from '../../src/ops/flat.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import * as ops from '../../src/ops/index.ts';
import { read } from '../../src/ops/leaf.ts';
import { denseNorms } from '../../src/ops/perExample/denseNorms.ts';
import { groupGram } from '../../src/ops/perExample/groupGram.ts';
import { softmaxCrossEntropyGradient } from '../../src/ops/softmaxCrossEntropy.ts';
import { advance } from '../../src/ops/state/advance.ts';
import { append } from '../../src/ops/state/append.ts';
import { gather } from '../../src/ops/state/gather.ts';
import { record } from '../../src/ops/state/record.ts';
import { sampleIndices } from '../../src/ops/state/sampling.ts';
import { store } from '../../src/ops/state/store.ts';
import { take } from '../../src/ops/state/take.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { testGpu } from './device.ts';

const gpu = await testGpu();
const f32 = (label: string, shape: readonly number[], replicas?: number): State =>
  new State(gpu, { label, shape, replicas });
const u32 = (label: string, shape: readonly number[], replicas?: number): State =>
  new State(gpu, { label, shape, replicas, dtype: 'u32' });

const counters = u32('counters', [3]);
const vector = (graph: Graph, n: number): Tensor => read(graph, f32(`vector of ${n}`, [n]));
const matrix = (graph: Graph, ...shape: number[]): Tensor => read(graph, f32('matrix', shape));

const REFUSED: readonly (readonly [string, (graph: Graph) => unknown, RegExp])[] = [
  ['0 of another shape, added', (g) => ops.add(fill(g, 0, [3]), vector(g, 5)), /add: shapes \[3\] and \[5\]/],
  [
    '0 of another shape, added to',
    (g) => ops.add(vector(g, 5), fill(g, 0, [3])),
    /add: shapes \[5\] and \[3\]/,
  ],
  [
    'a factor of another shape',
    (g) => ops.multiply(vector(g, 5), fill(g, 2, [3])),
    /multiply: shapes \[5\] and \[3\]/,
  ],
  [
    'a factor of another shape, first',
    (g) => ops.multiply(fill(g, 2, [3]), vector(g, 5)),
    /multiply: shapes \[3\] and/,
  ],
  [
    'weights of another shape, constant',
    (g) => softmaxCrossEntropyGradient(matrix(g, 3, 4), read(g, u32('y', [3])), fill(g, 1, [2])),
    /softmaxCrossEntropyGradient: the weights has shape \[2\], expected \[3\]/,
  ],
  [
    'integers as numbers',
    (g) => ops.scale(read(g, u32('indices', [3])), 2),
    /scale: operand 0 is u32 \[3\], expected f32/,
  ],
  [
    'numbers as labels',
    (g) => ops.softmaxCrossEntropy(matrix(g, 3, 4), vector(g, 3)),
    /operand 1 is f32 \[3\], expected u32/,
  ],
  [
    'numbers as places',
    (g) => ops.pick(matrix(g, 3, 4), vector(g, 3), { from: 1, to: 2 }),
    /pick: operand 1 is f32/,
  ],
  [
    'labels of other examples',
    (g) => correct(matrix(g, 3, 4), read(g, u32('y', [2]))),
    /correct: logits \[3, 4\] and labels \[2\]/,
  ],
  ['a result without elements', (g) => fill(g, 0, [3, 0]), /fill: a result of shape \[3, 0\]/],
  ['half an axis', (g) => ops.sum(matrix(g, 3, 4), { from: 0.5, to: 2 }), /sum: axes 0.5 to 2/],
  [
    'an axis that is not there',
    (g) => ops.broadcast(vector(g, 3), [3, 4], { from: -1, to: 2 }),
    /broadcast: axes -1 to 2/,
  ],
  [
    'a tensor too many',
    (g) => pack(flatLayout([{ name: 'a', shape: [3] }]), [vector(g, 3), vector(g, 3)]),
    /pack: 2 tensors, the layout has 1/,
  ],
  [
    'images to a dense layer',
    (g) => ops.linear(matrix(g, 2, 3, 4), matrix(g, 5, 3), null),
    /linear: x has shape \[2, 3, 4\]/,
  ],
  ['images to inner products', (g) => groupGram(matrix(g, 2, 3, 4), 2), /groupGram: x has shape \[2, 3, 4\]/],
  [
    'gradients of other examples',
    (g) => denseNorms(matrix(g, 3, 4), matrix(g, 2, 5)),
    /denseNorms: δ has shape \[2, 5\], expected \[3, 5\]/,
  ],
  ['softmax of a scalar', (g) => ops.softmax(fill(g, 1, [])), /softmax: a scalar/],
  [
    'rows of integers, taken',
    (g) => take(g, u32('order', [9]), 2, counters),
    /take: the state, order, is u32 \[9\], expected f32/,
  ],
  [
    'more rows than there are, taken',
    (g) => take(g, f32('list', [3]), 4, counters),
    /take: 4 rows of list \[3\]/,
  ],
  [
    'a row of integers, appended to',
    (g) => append(u32('list', [3]), vector(g, 1), counters),
    /append: the state, list, is u32/,
  ],
  [
    'rows of another width, appended',
    (g) => append(f32('list', [3, 2]), vector(g, 1), counters),
    /append: rows of \[1\] do not fit list \[3, 2\]/,
  ],
  [
    'more rows than there are, appended',
    (g) => append(f32('list', [3]), vector(g, 4), counters),
    /append: rows of \[4\] do not fit/,
  ],
  [
    'each replica’s own, appended to what they share',
    (g) => append(f32('list', [3]), read(g, f32('mine', [1], 2)), counters),
    /append: list is shared by all replicas/,
  ],
  [
    'what counters of each replica point at, appended to what they share',
    (g) => append(f32('list', [3]), vector(g, 1), u32('cursors', [3], 2)),
    /append: list is shared by all replicas/,
  ],
  [
    'numbers for counters',
    (g) => take(g, f32('list', [3]), 1, f32('cursor', [3])),
    /take: the counters, cursor, is f32/,
  ],
  ['no examples to advance by', (g) => advance(g, counters, 0, 3), /advance: batch is 0/],
  [
    'losses of each replica in a ring that they share',
    (g) => record({ counters, ring: f32('ring', [4, 1]), examples: 3 }, read(g, f32('mine', [2], 2)), []),
    /record: ring is shared by all replicas/,
  ],
  [
    'shared parameters at rates of their own',
    (g) => {
      const [theta, velocity] = [f32('theta', [4]), f32('velocity', [4])];
      sgd({ theta, velocity, rates: f32('rates', [2], 3), hyper: f32('hyper', [4]), counters }, vector(g, 4));
    },
    /sgd: theta is shared by all replicas/,
  ],
  [
    'a shuffle without seeds',
    (g) => sampleIndices(g, { mode: 'shuffle', examples: 3, counters }, 2),
    /sampleIndices: shuffle needs seeds/,
  ],
  [
    'an order that is none',
    (g) => sampleIndices(g, { mode: 'order', examples: 3, counters }, 2),
    /sampleIndices: order needs an order/,
  ],
  [
    'a cotangent of another shape',
    (g) => {
      const x = vector(g, 3);
      vjp([[ops.scale(x, 2), vector(g, 5)]], [x]);
    },
    /vjp: shapes \[3\] and \[5\] differ/,
  ],
  [
    'a tangent of another shape',
    (g) => {
      const x = vector(g, 3);
      jvp([ops.scale(x, 2)], [[x, vector(g, 5)]]);
    },
    /jvp: shapes \[3\] and \[5\] differ/,
  ],
  [
    'rows of another width, gathered',
    (g) => {
      const from = {
        data: u32('data', [3, 2]),
        elements: 'floats' as const,
        exampleShape: [3],
        targets: u32('y', [3, 1]),
        examples: 3,
      };
      gather(from, read(g, u32('indices', [2])));
    },
    /gather: data is \[3, 2\], expected \[3, 3\]/,
  ],
  [
    'fewer rows than examples',
    (g) => {
      const from = {
        data: u32('data', [3, 2]),
        elements: 'floats' as const,
        exampleShape: [2],
        targets: u32('y', [3, 1]),
        examples: 4,
      };
      gather(from, read(g, u32('indices', [2])));
    },
    /gather: data is \[3, 2\], expected \[4, 2\]/,
  ],
];

test.each(REFUSED)('refused by name: %s', (_, trace, message) => {
  expect(() => trace(new Graph())).toThrow(message);
});

const WAYS: readonly (readonly [string, (graph: Graph, state: State) => void])[] = [
  ['read', (graph, state) => store(f32('result', [4], 4), read(graph, state))],
  ['stored into', (graph, state) => store(state, fill(graph, 1, [4]))],
  ['taken from', (graph, state) => store(f32('result', [2], 4), take(graph, state, 2, counters))],
  ['appended to', (graph, state) => append(state, fill(graph, 1, [1]), counters)],
];

test.each(WAYS)('a state of 2 replicas is refused in programs of 4 and of 1: %s', async (_, trace) => {
  for (const replicas of [4, 1]) {
    const graph = new Graph();
    const state = f32('theta', [4], 2);
    trace(graph, state);
    const arena = new Arena(gpu);
    await expect(compile(gpu, graph, { label: 'line', replicas, arena })).rejects.toThrow(
      /program line: op \w+ takes (theta, which has 2|result, which has 4) replicas; the program has [14]/,
    );
    arena.dispose();
  }
});

test.each([0, -1, 1.5, Number.NaN])('a program of %d replicas is refused', async (replicas) => {
  await expect(compile(gpu, new Graph(), { label: 'none', replicas, arena: new Arena(gpu) })).rejects.toThrow(
    /program none: .* replicas, expected a positive integer/,
  );
});

test('a state refuses values of another type, replicas that it has not, and shapes that are none', async () => {
  const state = f32('theta', [4], 2);
  expect(() => u32('y', [4]).write(Float32Array.of(1))).toThrow(
    'y: values: a Float32Array of 1, expected a Uint32Array or a list of numbers',
  );
  expect(() => state.write(Float32Array.of(1), { replica: 2 })).toThrow('theta: no replica 2, it has 2');
  expect(() => f32('shared', [4]).write(Float32Array.of(1), { replica: 1 })).toThrow(
    'shared: no replica 1, it has 1',
  );
  expect(() => state.write(Float32Array.of(1), { at: -1 })).toThrow('1 values given from element -1 on');
  const anyOf = 'theta: replica: left out, expected one of 0 to 1; ';
  expect(() => state.write([1, 2, 3, 4])).toThrow(`${anyOf}writeAll(values) writes those of all`);
  await expect(state.read()).rejects.toThrow(`${anyOf}readAll() reads those of all, as bits`);
  await expect(state.readU32()).rejects.toThrow(anyOf);
  await expect(state.read(2)).rejects.toThrow('theta: no replica 2');
  await expect(u32('y', [4]).read()).rejects.toThrow('y: read as f32, it holds u32');
  expect(() => f32('half', [1.5])).toThrow('half: 1 × [1.5], expected whole numbers');
  expect(() => f32('none', [1], 0)).toThrow('none: 0 × [1], expected whole numbers');
});
