import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph } from '../../src/ops/graph.ts';
import * as ops from '../../src/ops/index.ts';
import { softmaxCrossEntropyGradient } from '../../src/ops/softmaxCrossEntropy.ts';
import { advance } from '../../src/ops/state/advance.ts';
import { append } from '../../src/ops/state/append.ts';
import { gather } from '../../src/ops/state/gather.ts';
import { sampleIndices } from '../../src/ops/state/sampling.ts';
import { store } from '../../src/ops/state/store.ts';
import { take } from '../../src/ops/state/take.ts';
import { testGpu } from './device.ts';
import { evaluate } from './trace.ts';

const gpu = await testGpu();

function state(
  label: string,
  values: Float32Array | Uint32Array,
  shape: readonly number[] = [values.length],
): State {
  const made = new State(gpu, { label, shape, dtype: values instanceof Uint32Array ? 'u32' : 'f32' });
  made.write(values);
  return made;
}

async function run(trace: (graph: Graph) => void, replicas = 1): Promise<void> {
  const graph = new Graph();
  trace(graph);
  const arena = new Arena(gpu);
  const program = await compile(gpu, graph, { label: 'bounds', replicas, arena });
  program.run();
  await gpu.device.queue.onSubmittedWorkDone();
  for (const made of [program, arena]) made.dispose();
}

test('rows are taken and appended around the end, as batches are', async () => {
  const list = state('list', Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
  const taken = state('taken', new Float32Array(4), [2, 2]);
  const counters = state('counters', Uint32Array.of(7, 0, 2));
  const into = state('into', new Float32Array(6), [3, 2]);
  await run((graph) => {
    const rows = take(graph, list, 2, counters);
    store(taken, rows);
    append(into, rows, counters);
  });
  expect([...(await taken.read())]).toEqual([5, 6, 1, 2]);
  expect([...(await into.read())]).toEqual([1, 2, 0, 0, 5, 6]);
  for (const made of [list, taken, counters, into]) made.dispose();
});

test('counters of each replica advance, each its own', async () => {
  const counters = new State(gpu, { label: 'cursors', shape: [3], dtype: 'u32', replicas: 3 });
  [0, 1, 2].forEach((replica) => {
    counters.write(Uint32Array.of(replica, 0, replica), { replica });
  });
  await run((graph) => advance(graph, counters, 2, 3), 3);
  const found = await Promise.all([0, 1, 2].map((replica) => counters.readU32(replica)));
  expect(found.map((each) => [...each])).toEqual([
    [1, 0, 2],
    [2, 1, 0],
    [3, 1, 1],
  ]);
  counters.dispose();
});

test('an example that is not there is NaN, and so is its loss and its gradient', async () => {
  const bytes = state('bytes', Uint32Array.of(0xff, 0xff, 0xff), [3, 1]);
  const floats = state('floats', new Uint32Array(Float32Array.of(1, 2, 3).buffer), [3, 1]);
  const labels = state('labels', Uint32Array.of(0, 0, 0), [3, 1]);
  const values = state('values', Float32Array.of(1, 2, 3), [3, 1]);
  const made = await evaluate([{ shape: [2], values: Uint32Array.of(1, 3) }], ([indices]) => {
    const of = { exampleShape: [1], examples: 3 };
    const [pixels, y] = gather({ ...of, data: bytes, elements: 'bytes', targets: labels }, indices!);
    const [x, targets] = gather({ ...of, data: floats, elements: 'floats', targets: values }, indices!);
    return [pixels, x, targets, ops.softmaxCrossEntropy(x, y)];
  });
  const [pixels, x, targets, losses] = made.map(([found]) => [...found!]);
  expect(pixels).toEqual([1, Number.NaN]);
  expect(x).toEqual([2, Number.NaN]);
  expect(targets).toEqual([2, Number.NaN]);
  expect(losses).toEqual([0, Number.NaN]);
  for (const each of [bytes, floats, labels, values]) each.dispose();
});

test('sequences of class indices are gathered as integers, each with a target at every position', async () => {
  const tokens = state('tokens', Uint32Array.of(1, 2, 3, 4, 5, 0xffff_fffe), [2, 3]);
  const next = state('next', Uint32Array.of(2, 3, 0, 5, 6, 7), [2, 3]);
  const made = await evaluate([{ shape: [3], values: Uint32Array.of(1, 2, 0) }], ([indices]) => {
    const from = {
      data: tokens,
      elements: 'indices' as const,
      exampleShape: [3],
      targets: next,
      examples: 2,
    };
    const [x, y] = gather(from, indices!);
    expect([x.dtype, x.shape, y.dtype, y.shape]).toEqual(['u32', [3, 3], 'u32', [3, 3]]);
    return [x, y];
  });
  const none = [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1];
  const integers = ([found]: readonly Float32Array[]) => [
    ...new Uint32Array(found!.buffer, found!.byteOffset, found!.length),
  ];
  expect(integers(made[0]!)).toEqual([4, 5, 0xffff_fffe, ...none, 1, 2, 3]);
  expect(integers(made[1]!)).toEqual([5, 6, 7, ...none, 2, 3, 0]);
  for (const each of [tokens, next]) each.dispose();
});

test('a label that is no class, and a place that is not there, give NaN', async () => {
  const logits = { shape: [2, 2], values: Float32Array.of(0, 0, 0, 0) };
  const labels = { shape: [2], values: Uint32Array.of(1, 2) };
  const [losses, gradient, places, put] = await evaluate([logits, labels], ([z, y], graph) => [
    ops.softmaxCrossEntropy(z!, y!),
    softmaxCrossEntropyGradient(z!, y!, ops.fill(graph, 1, [2])),
    ops.pick(z!, y!, { from: 1, to: 2 }),
    ops.spread(ops.fill(graph, 3, [2]), y!, [2, 2], { from: 1, to: 2 }),
  ]);
  expect([...losses![0]!]).toEqual([expect.closeTo(Math.log(2), 6), Number.NaN]);
  expect([...gradient![0]!]).toEqual([0.5, -0.5, Number.NaN, Number.NaN]);
  expect([...places![0]!]).toEqual([0, Number.NaN]);
  expect([...put![0]!]).toEqual([0, 3, Number.NaN, Number.NaN]);
});

test('past the end of an order there is no example', async () => {
  const counters = state('counters', Uint32Array.of(1, 0, 0));
  const order = state('order', Uint32Array.of(2, 1));
  const past = state('counters past the end', Uint32Array.of(2, 0, 0));
  const found = [state('within', Uint32Array.of(7)), state('past', Uint32Array.of(7))];
  await run((graph) => {
    [counters, past].forEach((at, i) => {
      store(found[i]!, sampleIndices(graph, { mode: 'order', examples: 3, counters: at, order }, 1));
    });
  });
  const indices = await Promise.all(found.map((each) => each.readU32()));
  expect(indices.map(([index]) => index)).toEqual([1, 2 ** 32 - 1]);
  for (const each of [counters, order, past, ...found]) each.dispose();
});

test('softmax is along the last axis, whatever the rank', async () => {
  const shape = [2, 3, 2, 5];
  const logits = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i));
  const rows = { shape: [12, 5], values: logits };
  const [flat] = await evaluate([rows], ([z]) => [ops.softmax(z!)]);
  const [deep] = await evaluate([{ shape, values: logits }], ([z]) => [ops.softmax(z!)]);
  expect(deep).toEqual(flat);
  const [one] = await evaluate([{ shape: [5], values: logits.slice(0, 5) }], ([z]) => [ops.softmax(z!)]);
  expect([...one![0]!]).toEqual([...flat![0]!.slice(0, 5)]);
  expect(one![0]!.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
});

test('a NaN stays one through exponentials and softmax', async () => {
  const x = { shape: [3], values: Float32Array.of(0, Number.NaN, -1) };
  const functions = [ops.exp, ops.sigmoid, ops.tanh, ops.gelu, ops.geluTanh];
  const found = await evaluate([x], ([v]) => functions.map((f) => f(v!)));
  for (const [values] of found) expect([...values!].map(Number.isNaN)).toEqual([false, true, false]);
  const rows = Float32Array.of(0, Number.NaN, 0, Infinity, 0, -Infinity, -Infinity, -Infinity);
  const [p, losses, gradient] = await evaluate(
    [
      { shape: [4, 2], values: rows },
      { shape: [4], values: Uint32Array.of(0, 0, 0, 0) },
    ],
    ([z, y], graph) => [
      ops.softmax(z!),
      ops.softmaxCrossEntropy(z!, y!),
      softmaxCrossEntropyGradient(z!, y!, ops.fill(graph, 1, [4])),
    ],
  );
  const nan = Number.NaN;
  expect([...p![0]!]).toEqual([nan, nan, nan, nan, 1, 0, nan, nan]);
  expect([...losses![0]!]).toEqual([nan, nan, 0, nan]);
  expect([...gradient![0]!]).toEqual([nan, nan, nan, nan, 0, 0, nan, nan]);
});
