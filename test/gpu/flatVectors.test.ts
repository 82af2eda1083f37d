import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { vjp } from '../../src/autograd/vjp.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import { type FlatLayout, flatLayout, pack, unpack } from '../../src/ops/flat.ts';
import { Graph } from '../../src/ops/graph.ts';
import * as ops from '../../src/ops/index.ts';
import { read } from '../../src/ops/leaf.ts';
import { scale } from '../../src/ops/scale.ts';
import { store } from '../../src/ops/state/store.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';
import { watchBuffers } from './watchBuffers.ts';

const gpu = await testGpu();
const state = (label: string, shape: readonly number[]): State => new State(gpu, { label, shape });

/** Twice the gradient of a linear layer's sum of squares over so many examples, in a state. */
function gradient(layout: FlatLayout, theta: State, x: State, into: State, arena: Arena): Promise<Program> {
  const graph = new Graph();
  const parameters = unpack(read(graph, theta), layout);
  const loss = ops.normSq(ops.linear(read(graph, x), parameters[0]!, parameters[1]!));
  const { of } = vjp([[loss, ops.fill(graph, 1, [])]], parameters);
  store(
    into,
    scale(
      pack(
        layout,
        of.map((g) => g!),
      ),
      2,
    ),
  );
  return compile(gpu, graph, { label: `B=${x.shape[0]}`, replicas: 1, arena });
}

test('programs over one arena share their flat vectors, whose gaps stay zero', async () => {
  const layout = flatLayout([
    { name: 'weight', shape: [33, 65] },
    { name: 'bias', shape: [33] },
  ]);
  const other = flatLayout([
    { name: 'weight', shape: [32, 65] },
    { name: 'bias', shape: [32] },
    { name: 'rest', shape: [64] },
  ]);
  expect(other.length).toBe(layout.length);
  const theta = state('theta', [layout.length]);
  layout.entries.forEach(({ offset, elements }, i) => {
    theta.write(randomValues(elements, i), { at: offset });
  });
  const batches = [1, 3, 5, 33].map((batch) => {
    const x = state(`x ${batch}`, [batch, 65]);
    x.write(randomValues(batch * 65, batch));
    return x;
  });
  const into = batches.map((_, i) => state(`gradient ${i}`, [layout.length]));

  // Alone, each over an arena of its own.
  const expected: Float32Array[] = [];
  for (const [i, x] of batches.entries()) {
    const arena = new Arena(gpu);
    const alone = await gradient(layout, theta, x, into[i]!, arena);
    alone.run();
    expected.push(await into[i]!.read());
    for (const made of [alone, arena]) made.dispose();
  }

  const arena = new Arena(gpu);
  const bytes: number[] = [];
  const programs: Program[] = [];
  for (const [i, x] of [...batches.entries()].reverse()) {
    const watch = watchBuffers(gpu);
    programs[i] = await gradient(layout, theta, x, into[i]!, arena);
    bytes.push(watch.held());
    watch.stop();
  }
  // A flat vector of other gaps does not lie where this one's are kept zero.
  const graph = new Graph();
  const parts = other.entries.map(({ shape }) => ops.fill(graph, 1, shape));
  const ones = state('ones', [other.length]);
  store(ones, scale(pack(other, parts), 1.5));
  programs.push(await compile(gpu, graph, { label: 'other', replicas: 1, arena }));
  for (let times = 0; times < 2; times++) for (const program of [...programs].reverse()) program.run();
  for (const [i, made] of into.entries()) expect(await made.read()).toEqual(expected[i]);
  for (const { offset, elements } of layout.entries) {
    const gap = expected[0]!.subarray(offset + elements, Math.ceil((offset + elements) / 64) * 64);
    expect(gap.every((value) => value === 0)).toBe(true);
  }
  // The widest is first: those after it make no flat vector of theirs.
  for (const more of bytes.slice(1)) expect(more).toBeLessThan(4 * layout.length);
  for (const made of [...programs, arena, theta, ones, ...batches, ...into]) made.dispose();
});
