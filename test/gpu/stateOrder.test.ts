import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { vjp } from '../../src/autograd/vjp.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import { exp } from '../../src/ops/exp.ts';
import { fill } from '../../src/ops/fill.ts';
import { flatLayout, pack, part } from '../../src/ops/flat.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import * as ops from '../../src/ops/index.ts';
import { read } from '../../src/ops/leaf.ts';
import { argmax } from '../../src/ops/max.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { scale } from '../../src/ops/scale.ts';
import { append } from '../../src/ops/state/append.ts';
import { gather } from '../../src/ops/state/gather.ts';
import { sampleIndices } from '../../src/ops/state/sampling.ts';
import { store } from '../../src/ops/state/store.ts';
import { take } from '../../src/ops/state/take.ts';
import { average } from '../../src/optim/average.ts';
import { testGpu } from './device.ts';

/** States by name, given by their values: integers lie in states of integers, lists of lists are one a replica. */
type Given = Readonly<Record<string, Float32Array | Uint32Array | readonly Float32Array[]>>;

async function program(
  given: Given,
  trace: (graph: Graph, states: Readonly<Record<string, State>>) => void,
  { replicas = 1, shapes = {} as Readonly<Record<string, readonly number[]>> } = {},
): Promise<{ states: Record<string, State>; made: Program; dispose: () => void }> {
  const gpu = await testGpu();
  const states: Record<string, State> = {};
  for (const [label, values] of Object.entries(given)) {
    const each = Array.isArray(values) ? (values as Float32Array[]) : [values as Float32Array];
    const dtype = each[0] instanceof Uint32Array ? 'u32' : 'f32';
    const shape = shapes[label] ?? [each[0]!.length];
    const state = new State(gpu, {
      label,
      shape,
      dtype,
      replicas: Array.isArray(values) ? each.length : undefined,
    });
    for (const [replica, value] of each.entries()) state.write(value, { replica });
    states[label] = state;
  }
  const arena = new Arena(gpu);
  const dispose = (): void => {
    for (const owned of [arena, ...Object.values(states)]) owned.dispose();
  };
  try {
    const graph = new Graph();
    trace(graph, states);
    const made = await compile(gpu, graph, { label: 'order', replicas, arena });
    const all = (): void => {
      made.dispose();
      dispose();
    };
    return { states, made, dispose: all };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Runs a program once and reads its states of floats. */
async function run(...args: Parameters<typeof program>): Promise<Record<string, number[]>> {
  const { states, made, dispose } = await program(...args);
  made.run();
  const floats = Object.values(states).filter(({ dtype }) => dtype === 'f32');
  const found = await Promise.all(
    floats.map(async (state): Promise<[string, number[]]> => [state.label, [...(await state.read())]]),
  );
  dispose();
  return Object.fromEntries(found);
}

const zeros = (n: number): Float32Array => new Float32Array(n);
const u = Float32Array.of(1, 2, 3);
const counters = Uint32Array.of(0, 0, 0);

test('a result that is still wanted does not lie in a state that is overwritten', async () => {
  const { S, T } = await run({ u, S: zeros(3), T: zeros(3) }, (graph, { u, S, T }) => {
    const x = read(graph, u!);
    const a = scale(x, 2);
    store(S!, a);
    const b = scale(x, 3);
    store(S!, b);
    store(T!, scale(a, 5));
  });
  expect(S).toEqual([3, 6, 9]);
  expect(T).toEqual([10, 20, 30]);
});

test('of two results that are stored in one state, each is there in its turn', async () => {
  // b is made first and stored last.
  const { S, T } = await run({ u, S: zeros(3), T: zeros(3) }, (graph, { u, S, T }) => {
    const x = read(graph, u!);
    const b = scale(x, 3);
    const a = scale(x, 2);
    store(S!, a);
    store(T!, exp(scale(read(graph, S!), 0)));
    store(S!, b);
  });
  expect(S).toEqual([3, 6, 9]);
  expect(T).toEqual([1, 1, 1]);
});

test('a result that is appended to the state that it was stored in is whole until then', async () => {
  const { S, T } = await run({ u, counters, S: zeros(3), T: zeros(3) }, (graph, { u, counters, S, T }) => {
    const a = scale(read(graph, u!), 2);
    store(S!, a);
    append(S!, fill(graph, 7, [1]), counters!);
    store(T!, scale(a, 5));
  });
  expect(S).toEqual([7, 4, 6]);
  expect(T).toEqual([10, 20, 30]);
});

test('constants are told apart, infinities, NaN and the sign of zero too', async () => {
  const values = [Infinity, -Infinity, Number.NaN, 0, -0];
  const names = values.map((_, i) => `c${i}`);
  const found = await run(Object.fromEntries(names.map((name) => [name, zeros(1)])), (graph, states) => {
    values.forEach((value, i) => {
      store(states[names[i]!]!, fill(graph, value, [1]));
    });
  });
  expect(names.map((name) => found[name]![0])).toEqual(values);
});

test('factors are told apart likewise', async () => {
  const { S, T } = await run({ u, S: zeros(3), T: zeros(3) }, (graph, { u, S, T }) => {
    store(S!, scale(read(graph, u!), Infinity));
    store(T!, scale(read(graph, u!), -Infinity));
  });
  expect([...S!, ...T!]).toEqual([Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity]);
});

test('what take reads is there until it was taken', async () => {
  const { S, T } = await run({ u, counters, S: u.slice(), T: zeros(3) }, (graph, { u, counters, S, T }) => {
    const next = scale(read(graph, u!), 2);
    const old = take(graph, S!, 3, counters!);
    store(S!, next);
    store(T!, old);
  });
  expect(S).toEqual([2, 4, 6]);
  expect(T).toEqual([1, 2, 3]);
});

test('what gather reads is there until it was gathered', async () => {
  const given = { u, indices: Uint32Array.of(2), data: u.slice(), targets: u.slice(), T: zeros(1) };
  const shapes = { data: [3, 1], targets: [3, 1], T: [1, 1] };
  const trace = (graph: Graph, { u, indices, data, targets, T }: Readonly<Record<string, State>>): void => {
    const next = reshape(scale(read(graph, u!), 2), [3, 1]);
    const from = {
      data: data!,
      elements: 'floats' as const,
      exampleShape: [1],
      targets: targets!,
      examples: 3,
    };
    const [x] = gather(from, read(graph, indices!));
    store(data!, next);
    store(T!, x);
  };
  const { data, T } = await run(given, trace, { shapes });
  expect(data).toEqual([2, 4, 6]);
  expect(T).toEqual([3]);
});

test('what an average takes is there until it was taken', async () => {
  const theta = Float32Array.of(1, 2, 3, 4);
  const done = Uint32Array.of(1, 0, 0);
  const given = { x: theta.slice(), theta, mean: zeros(4), done };
  const found = await run(given, (graph, { x, theta, mean, done }) => {
    const next = scale(read(graph, x!), 2);
    const averaging = { kind: 'swa', start: 1, every: 1 } as const;
    average(graph, { averaging, theta: theta!, average: mean!, counters: done! });
    store(theta!, next);
  });
  expect(found.mean).toEqual([1, 2, 3, 4]);
  expect(found.theta).toEqual([2, 4, 6, 8]);
});

test("a dropout's seed is there until it was drawn by", async () => {
  const mask = async (first: number): Promise<number[]> => {
    const given = {
      u,
      seeds: Uint32Array.of(first),
      counters,
      x: new Float32Array(64).fill(1),
      T: zeros(64),
    };
    const { T } = await run(given, (graph, { u, seeds, counters, x, T }) => {
      // Index 2, of three.
      const next = reshape(argmax(read(graph, u!)), [1]);
      store(T!, ops.dropout(read(graph, x!), 0.5, { purpose: 1, seeds: seeds!, counters: counters! }));
      store(seeds!, next);
    });
    return T!;
  };
  const [of0, of2] = [await mask(0), await mask(2)];
  expect(of0).not.toEqual(of2);
});

test("a sampler's order is there until it was read", async () => {
  const given = { u, order: Uint32Array.of(1), counters, T: zeros(1), data: u.slice(), targets: u.slice() };
  const shapes = { data: [3, 1], targets: [3, 1], T: [1, 1] };
  const trace = (graph: Graph, states: Readonly<Record<string, State>>): void => {
    const next = reshape(argmax(read(graph, states.u!)), [1]);
    const sampling = {
      mode: 'order',
      examples: 3,
      counters: states.counters!,
      order: states.order!,
    } as const;
    const indices = sampleIndices(graph, sampling, 1);
    const from = {
      data: states.data!,
      elements: 'floats' as const,
      exampleShape: [1],
      targets: states.targets!,
      examples: 3,
    };
    store(states.order!, next);
    store(states.T!, gather(from, indices)[0]);
  };
  const { T } = await run(given, trace, { shapes });
  expect(T).toEqual([2]);
});

const stale = [
  ['itself', (x: Tensor) => scale(x, 2)],
  ['as a view', (x: Tensor) => scale(reshape(x, [1, 3]), 2)],
  ['in a gradient', (x: Tensor) => ops.multiply(x, fill(x.node.graph, 2, [3]))],
] as const;

test.each(stale)('a state that was read before it was written is refused by name: %s', async (_, use) => {
  await expect(
    program({ theta: u, T: zeros(3) }, (graph, { theta }) => {
      const x = read(graph, theta!);
      store(theta!, fill(graph, 1, [3]));
      use(x);
    }),
  ).rejects.toThrow(/theta was read before store wrote it/);
});

test('a part of a state that was written since is refused, and so is a gradient through it', async () => {
  const layout = flatLayout([{ name: 'a', shape: [3] }]);
  await expect(
    program({ theta: zeros(64) }, (graph, { theta }) => {
      const a = part(read(graph, theta!), layout, 0);
      store(theta!, fill(graph, 1, [64]));
      ops.square(a);
    }),
  ).rejects.toThrow(/square: theta was read before store wrote it/);
  await expect(
    program({ theta: zeros(64) }, (graph, { theta }) => {
      const a = part(read(graph, theta!), layout, 0);
      const loss = ops.normSq(a);
      store(theta!, fill(graph, 1, [64]));
      vjp([[loss, fill(graph, 1, [])]], [a]);
    }),
  ).rejects.toThrow(/theta was read before store wrote it/);
});

test('what was read again is the new value, and results of the old one stay', async () => {
  const { T, V } = await run({ theta: u.slice(), T: zeros(3), V: zeros(3) }, (graph, { theta, T, V }) => {
    const old = scale(read(graph, theta!), 2);
    store(theta!, fill(graph, 7, [3]));
    store(T!, scale(read(graph, theta!), 2));
    store(V!, old);
  });
  expect(T).toEqual([14, 14, 14]);
  expect(V).toEqual([2, 4, 6]);
});

test('a product is not carried past a write of its operand by what follows it', async () => {
  const given = { W: Float32Array.of(1, 2, 3, 4), x: Float32Array.of(-1, 1), T: zeros(2) };
  const shapes = { W: [2, 2], x: [1, 2], T: [1, 2] };
  const trace = (graph: Graph, { W, x, T }: Readonly<Record<string, State>>): void => {
    const z = ops.matmul('NT', read(graph, x!), read(graph, W!));
    store(W!, fill(graph, 5, [2, 2]));
    store(T!, ops.relu(z));
  };
  const { T, W } = await run(given, trace, { shapes });
  expect(T).toEqual([1, 1]);
  expect(W).toEqual([5, 5, 5, 5]);
});

test('a convolution is not carried past a write of its weight', async () => {
  const given = { w: Float32Array.of(2), x: Float32Array.of(1, -1), T: zeros(2) };
  const shapes = { w: [1, 1, 1, 1], x: [1, 1, 1, 2], T: [1, 1, 1, 2] };
  const trace = (graph: Graph, { w, x, T }: Readonly<Record<string, State>>): void => {
    const z = ops.conv2d(read(graph, x!), read(graph, w!), null);
    store(w!, fill(graph, 5, [1, 1, 1, 1]));
    store(T!, ops.relu(z));
  };
  expect((await run(given, trace, { shapes })).T).toEqual([2, 0]);
});

test('a state may be stored into itself', async () => {
  const { S } = await run({ S: u.slice() }, (graph, { S }) => store(S!, read(graph, S!)));
  expect(S).toEqual([1, 2, 3]);
});

test('a flat vector is zero between its tensors wherever it is stored', async () => {
  const layout = flatLayout([
    { name: 'a', shape: [3] },
    { name: 'b', shape: [3] },
  ]);
  const dirty = (): Float32Array => new Float32Array(128).fill(9);
  const given = { u, S: dirty(), T: dirty(), V: dirty() };
  const { S, T, V } = await run(given, (graph, { u, S, T, V }) => {
    const x = read(graph, u!);
    store(S!, pack(layout, [scale(x, 2), scale(x, 3)]));
    const twice = scale(x, 4);
    store(T!, pack(layout, [twice, twice]));
    const inner = flatLayout([{ name: 'a', shape: [3] }]);
    const outer = flatLayout([0, 1].map((i) => ({ name: `${i}`, shape: [64] })));
    const [first, second] = [5, 6].map((factor) => pack(inner, [scale(x, factor)]));
    store(V!, pack(outer, [first!, reshape(reshape(second!, [8, 8]), [64])]));
  });
  const expected = (a: number, b: number): number[] => {
    const flat = Array<number>(128).fill(0);
    u.forEach((value, i) => {
      flat[i] = a * value;
      flat[64 + i] = b * value;
    });
    return flat;
  };
  expect(S).toEqual(expected(2, 3));
  expect(T).toEqual(expected(4, 4));
  expect(V).toEqual(expected(5, 6));
});

test('a flat vector of parts of the state that it is stored in', async () => {
  const layout = flatLayout([0, 1].map((i) => ({ name: `${i}`, shape: [64] })));
  const halves = Float32Array.from({ length: 128 }, (_, i) => (i < 64 ? 1 : 2));
  const { S } = await run({ S: halves }, (graph, { S }) => {
    const flat = read(graph, S!);
    store(S!, pack(layout, [part(flat, layout, 1), part(flat, layout, 0)]));
  });
  expect(S).toEqual(Array.from({ length: 128 }, (_, i) => (i < 64 ? 2 : 1)));
});
