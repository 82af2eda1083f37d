import { afterAll, expect, test } from 'vitest';
import { jvp } from '../../src/autograd/jvp.ts';
import { perExample } from '../../src/autograd/perExample.ts';
import { type Tracing, trace } from '../../src/autograd/trace.ts';
import { grad } from '../../src/autograd/vjp.ts';
import { datasetFromTensors } from '../../src/data/dataset.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import { DeviceLostError } from '../../src/gpu/orLost.ts';
import { type State, state } from '../../src/gpu/state.ts';
import { InputError } from '../../src/host/inputError.ts';
import type { Tensor } from '../../src/ops/graph.ts';
import * as ops from '../../src/ops/index.ts';
import { testGpu } from './device.ts';
import { watchBuffers } from './watchBuffers.ts';

const gpu = await testGpu();
const w = state(gpu, { label: 'w', shape: [3], values: [1, -2, 3] });
const of2 = state(gpu, { label: 'of 2', shape: [3], replicas: 2, values: [1, 2, 3, 4, 5, 6] });
afterAll(() => {
  for (const each of [w, of2]) each.dispose();
});

test("a training loop of one's own: thousands of runs, states shared by two programs, replicas by their own rates", async () => {
  using theta = state(gpu, { label: 'θ', shape: [2], replicas: 3, values: [0, 0] });
  using rate = state(gpu, { label: 'ε', shape: [], replicas: 3, values: [0.1, 0.2, 0.4] });
  using goal = state(gpu, { label: 'goal', shape: [2], values: [3, -1] });
  const lossOf = (at: Tensor, to: Tensor): Tensor => ops.scale(ops.normSq(ops.subtract(at, to)), 0.5);
  using step = await trace(
    gpu,
    ({ read, store }) => {
      const loss = lossOf(read(theta), read(goal));
      store(theta, ops.subtract(read(theta), ops.scale(grad(loss, read(theta)), read(rate))));
      return { loss };
    },
    { label: 'step' },
  );
  using evaluation = await trace(gpu, ({ read }) => ({ loss: lossOf(read(theta), read(goal)) }));
  expect(step.replicas).toBe(3);
  // θₜ − goal shrinks by 1 − ε a step; the loss of step t is that of before its update.
  const losses = (t: number): number[] => [0.1, 0.2, 0.4].map((e) => 5 * (1 - e) ** (2 * t));
  step.run();
  const first = await step.results.loss.items();
  expect(first).toEqual([5, 5, 5].map((loss) => expect.closeTo(loss, 5)));
  step.run(2);
  evaluation.run();
  for (const [r, loss] of (await evaluation.results.loss.items()).entries()) {
    expect(loss / losses(3)[r]!).toBeCloseTo(1, 5);
  }
  expect((await step.results.loss.item(2)) / losses(2)[2]!).toBeCloseTo(1, 5);
  step.run(997);
  for (let r = 0; r < 3; r++)
    expect([...(await theta.read(r))]).toEqual([expect.closeTo(3, 5), expect.closeTo(-1, 5)]);
});

test("a Hessian product of a function of one's own, against its closed form", async () => {
  using v = state(gpu, { label: 'v', shape: [3], values: [1, 1, 2] });
  // f = Σ w⁴/12 has the Hessian diag(w²).
  using program = await trace(gpu, ({ read }) => {
    const f = ops.scale(ops.normSq(ops.square(read(w))), 1 / 12);
    return { Hv: jvp(grad(f, read(w)), [[read(w), read(v)]]), f };
  });
  program.run();
  expect([...(await program.results.Hv.read())]).toEqual([1, 4, 18].map((x) => expect.closeTo(x, 5)));
  expect(await program.results.f.item()).toBeCloseTo((1 + 16 + 81) / 12, 5);
});

test("minibatches of one's own data are drawn on the device, each replica's in its own order", async () => {
  const [n, batch, rate] = [7, 2, 0.1];
  const column = (data: Float32Array) => ({ dtype: 'F32' as const, shape: [n, 1], data });
  const x = Float32Array.from({ length: n }, (_, i) => (i * i) / 10 - 1);
  const dataset = datasetFromTensors(
    'own',
    new Map([
      ['x', column(x)],
      ['y', column(new Float32Array(n))],
    ]),
  );
  using examples = uploadExamples(gpu, dataset);
  using theta = state(gpu, { label: 'θ', shape: [], replicas: 2 });
  using counters = state(gpu, { label: 'counters', shape: [3], dtype: 'u32' });
  using seeds = state(gpu, { label: 'seeds', shape: [1], replicas: 2, values: Uint32Array.of(3, 4) });
  using step = await trace(gpu, ({ read, graph }) => {
    const indices = ops.sampleIndices(graph, { mode: 'shuffle', examples: n, counters, seeds }, batch);
    const [drawn] = ops.gather(examples, indices);
    const at = ops.broadcast(read(theta), [batch, 1], { from: 0, to: 2 });
    const loss = ops.mean(ops.square(ops.subtract(drawn, at)));
    ops.accumulate(theta, ops.scale(grad(loss, read(theta)), -rate));
    ops.advance(graph, counters, batch, n);
    return { drawn };
  });
  let expected = [0, 0];
  for (let t = 0; t < 10; t++) {
    step.run();
    const drawn = await Promise.all([0, 1].map((r) => step.results.drawn.read(r)));
    const gradient = (at: number, r: number): number => 2 * (at - (drawn[r]![0]! + drawn[r]![1]!) / 2);
    expected = expected.map((at, r) => at - rate * gradient(at, r));
  }
  expect(await theta.items()).toEqual(expected.map((at) => expect.closeTo(at, 5)));
  expect(Math.abs(expected[0]! - expected[1]!)).toBeGreaterThan(1e-3);
  // 20 examples were drawn: two epochs and six of the third.
  expect(await counters.readU32()).toEqual(Uint32Array.of(10, 2, 6));
});

test('a state is one tensor until it is written, and a new one after that', async () => {
  using s = state(gpu, { label: 's', shape: [2], values: [1, 2] });
  using program = await trace(gpu, ({ read, store, fill }) => {
    expect(read(s)).toBe(read(s));
    const before = read(s);
    store(s, ops.add(before, fill(1, [2])));
    expect(read(s)).not.toBe(before);
    return { doubled: ops.scale(read(s), 2) };
  });
  program.run(2);
  expect([...(await program.results.doubled.read())]).toEqual([6, 8]);
});

/** What a user of plain JavaScript may give. */
const given = (value: unknown): never => value as never;
const REFUSED: Record<string, [traced: (tracing: Tracing) => unknown, message: RegExp]> = {
  'a null result': [
    ({ read, fill }) => ({ Hv: jvp(fill(1, [3]), [[read(w), read(w)]]) }),
    /trace p: result Hv: null, expected a tensor/,
  ],
  'a list for a result': [({ read }) => ({ g: [read(w)] }), /result g: a list of 1, expected a tensor/],
  'no tensor for a result': [() => ({ g: 3 }), /result g: 3, expected a tensor/],
  'a tensor without a name': [
    ({ read }) => read(w),
    /returns a tensor without a name, expected results by name/,
  ],
  'a list': [({ read }) => [read(w)], /returns a list, expected results by name/],
  'an async function': [async ({ read }) => ({ w: read(w) }), /it is async/],
  nothing: [({ read }) => void read(w), /returns no result and stores nothing/],
  'null to store': [
    ({ store }) => store(w, null as unknown as Tensor),
    /store to w: null, expected a tensor/,
  ],
  'no state': [
    ({ read }) => ({ w: read(new Float32Array(2) as unknown as State) }),
    /read: .*expected a state, as state/,
  ],
  'another shape to store': [
    ({ read, store }) => store(w, ops.sum(read(w))),
    /store: w is shared f32 \[3\], found shared f32 \[\]/,
  ],
  'of replicas into a shared one': [({ read, store }) => store(w, read(of2)), /store: w is shared f32/],
  'a state for a tensor': [
    () => ({ y: ops.square(given(w)) }),
    /square: operand 0: the state w, expected a tensor; read\(state\)/,
  ],
  'a number for a tensor': [
    ({ read }) => ({ y: ops.add(read(w), given(1)) }),
    /add: operand 1: 1, expected a tensor; fill\(value, shape\)/,
  ],
  'null for a tensor': [
    ({ read }) => ({ y: ops.multiply(given(null), read(w)) }),
    /multiply: operand 0: null, expected a tensor/,
  ],
  'a tensor for a state': [
    ({ read, store }) => store(given(read(w)), read(w)),
    /store: a tensor \[3\], expected a state/,
  ],
  'a product without its form': [
    ({ read }) => ({ y: ops.matmul(given(read(w)), read(w), given(undefined)) }),
    /matmul: form: a tensor \[3\], expected NN, NT or TN/,
  ],
  'an axis for axes': [
    ({ read }) => ({ y: ops.sum(read(w), given(0)) }),
    /sum: axes 0, expected { from, to }/,
  ],
  'a gradient by a state': [
    ({ read }) => ({ y: grad(ops.sum(read(w)), given(w)) }),
    /vjp: operands: the state w, expected a tensor/,
  ],
  'a tangent without its tensor': [
    ({ read }) => ({ y: jvp(read(w), given([read(w), read(w)])) }),
    /jvp: wrt: a tensor \[3\], expected pairs \[tensor, tangent\]/,
  ],
  'a gradient for cotangents': [
    ({ read }) => ({ y: perExample(given(read(w)), [read(w)])[0]!.norms() }),
    /per-example gradients: expected what vjp gives/,
  ],
  'a result that was overwritten': [
    ({ read, store, fill }) => {
      const before = read(w);
      store(w, fill(0, [3]));
      return { before };
    },
    /trace p: result before: store: w was read before store wrote it/,
  ],
  'an operand that is null': [
    ({ read }) => ({ y: ops.apply({ name: 'mine' }, [read(w), null as never], {}, { shape: [] }) }),
    /mine: operand 1: null, expected a tensor; from jvp and vjp null stands for zero/,
  ],
};
for (const [what, [fn, message]] of Object.entries(REFUSED)) {
  test(`refused by name: ${what}`, async () => {
    const watch = watchBuffers(gpu);
    await expect(trace(gpu, fn as () => undefined, { label: 'p' })).rejects.toThrow(message);
    expect(watch.held()).toBe(0);
    watch.stop();
  });
}

test('refused by name: tensors of another trace, returned, stored and as operands', async () => {
  let other: Tensor | undefined;
  const square = ({ read }: Pick<Tracing, 'read'>) => {
    other = ops.square(read(w));
    return { y: other };
  };
  using one = await trace(gpu, square, { label: 'one' });
  expect(one.label).toBe('one');
  await expect(trace(gpu, () => ({ y: other! }))).rejects.toThrow(/result y: a tensor of the trace of one/);
  await expect(trace(gpu, ({ store }) => store(w, other!))).rejects.toThrow(
    /store to w: a tensor of the trace of one/,
  );
  await expect(trace(gpu, ({ read }) => ({ y: ops.add(read(w), other!) }))).rejects.toThrow(
    /add: operand 1: of the trace of one/,
  );
  await expect(trace(gpu, ({ read }) => ({ y: grad(ops.sum(other!), read(w)) }))).rejects.toThrow(
    /vjp: operands: a tensor of the trace of program and one of that of one/,
  );
});

test('refused by name: what is given to an op and is no tensor, before its shape is asked for', async () => {
  const ofNull: [string, (x: Tensor, of: Tensor) => unknown][] = [
    ['sum', (x) => ops.sum(x)],
    ['sum', (x) => ops.sumRows(x)],
    ['sum', (x) => ops.rowSum(x)],
    ['mean', (x) => ops.mean(x)],
    ['max', (x) => ops.max(x)],
    ['variance', (x) => ops.variance(x)],
    ['dot', (x, of) => ops.dot(of, x)],
    ['softmax', (x) => ops.softmax(x)],
    ['softmaxCrossEntropy', (x, of) => ops.softmaxCrossEntropy(of, x)],
    ['softTargetCrossEntropy', (x, of) => ops.softTargetCrossEntropy(x, of)],
    ['linear', (x, of) => ops.linear(x, of, null)],
    ['conv2d', (x, of) => ops.conv2d(of, x, null)],
    ['reshape', (x) => ops.reshape(x, [3])],
  ];
  for (const [name, f] of ofNull) {
    for (const [given, found] of [
      [null, 'null, expected a tensor; from jvp and vjp null stands for zero'],
      [w, 'the state w, expected a tensor; read(state) makes one of it'],
      [w.read(), 'a Promise, expected a tensor: await it'],
    ] as const) {
      const traced = trace(gpu, ({ read }) => {
        f(given as unknown as Tensor, read(w));
      });
      await expect(traced, name).rejects.toThrow(InputError);
      await expect(traced, name).rejects.toThrow(new RegExp(`^${name}: operand [01]: `));
      await expect(traced, name).rejects.toThrow(`: ${found}`);
    }
  }
});

test('refused by name: states of other replicas, of another device and disposed of, a device that was not waited for', async () => {
  await expect(trace(gpu, ({ read }) => ({ y: read(of2) }), { replicas: 3 })).rejects.toThrow(
    /of 2: the state has 2 replicas, and the program 3/,
  );
  const gone = state(gpu, { label: 'gone', shape: [3] });
  using program = await trace(gpu, ({ read }) => ({ y: ops.square(read(gone)) }), { label: 'late' });
  gone.dispose();
  await expect(trace(gpu, ({ read }) => ({ y: read(gone) }))).rejects.toThrow(
    /gone: the state is disposed of/,
  );
  expect(() => program.run()).toThrow(/program late: run after its state gone was disposed of/);
  await expect(gone.read()).rejects.toThrow(/gone: read after it was disposed of/);
  expect(() => gone.write(new Float32Array(3))).toThrow(/gone: written after it was disposed of/);
  const elsewhere = await openDevice();
  await expect(trace(elsewhere, ({ read }) => ({ y: read(w) }))).rejects.toThrow(
    /w: the state lies on another device/,
  );
  elsewhere.dispose();
  await expect(trace(elsewhere, ({ fill }) => ({ y: fill(1, [2]) }))).rejects.toThrow(DeviceLostError);
  await expect(trace(openDevice() as unknown as Gpu, () => undefined)).rejects.toThrow(
    /trace: gpu: is a Promise: await openDevice\(\)/,
  );
  await expect(trace({ lr: 0.1 } as unknown as Gpu, () => undefined)).rejects.toThrow(
    /trace: gpu: is \{"lr":0\.1\}, expected the device that openDevice\(\) gives as the first argument/,
  );
  await expect(trace(gpu, () => undefined, { replica: 3 } as object)).rejects.toThrow(
    /trace program: replica: unknown option/,
  );
});

test('refused by name: a state that is not as it says', () => {
  const refused: [object, RegExp][] = [
    [{ shape: [2], values: [1, 2, 3] }, /state \[2\]: values: 3 given, expected 2 for the shape \[2\]/],
    [{ shape: [2], values: [1], replicas: 3 }, /values: 1 given, expected 2 for each replica alike, or 6/],
    [{ shape: [2.5] }, /shape: \[2.5\], expected a list of positive integers/],
    [{}, /state: shape: nothing, expected a list/],
    [{ shape: [2], dtype: 'f16' }, /dtype: "f16", expected/],
    [
      { shape: [1], dtype: 'u32', values: Float32Array.of(1) },
      /values: a Float32Array of 1, expected a Uint32Array/,
    ],
    [{ shape: [1], values: 3 }, /values: 3, expected a Float32Array or a list of numbers/],
    [{ shape: [2], values: [1, '2'] }, /values 1: "2", expected a number/],
    [{ shape: [2], dtype: 'u32', values: [1, -2] }, /values 1: -2, expected an integer from 0 to 2³² − 1/],
    [{ shape: [1], values: Promise.resolve([1]) }, /values: is a Promise: await it/],
    [{ shape: [1], replicas: 0 }, /replicas: 0, expected a positive integer/],
  ];
  for (const [given, message] of refused) {
    expect(() => state(gpu, given as never)).toThrow(InputError);
    expect(() => state(gpu, given as never)).toThrow(message);
  }
});

test('a state takes lists, typed arrays of its type, and nothing that is only like them', async () => {
  using numbers = state(gpu, { label: 'numbers', shape: [3] });
  numbers.write([1, 2.5]);
  numbers.write(Float32Array.of(4), { at: 2 });
  expect([...(await numbers.read())]).toEqual([1, 2.5, 4]);
  using counts = state(gpu, { label: 'counts', shape: [2], dtype: 'u32' });
  counts.write([7, 2 ** 32 - 1]);
  expect([...(await counts.readU32())]).toEqual([7, 2 ** 32 - 1]);
  for (const [given, message] of [
    [Float64Array.of(1), /numbers: values: a Float64Array of 1, expected a Float32Array or a list/],
    [numbers.read(), /numbers: values: is a Promise: await it/],
    [[1, null], /numbers: values 1: null, expected a number/],
  ] as const) {
    expect(() => numbers.write(given as never)).toThrow(InputError);
    expect(() => numbers.write(given as never)).toThrow(message);
  }
  expect(() => counts.write([0.5])).toThrow(/counts: values 0: 0\.5, expected an integer from 0/);
});

test('a factor is a number or a scalar; what is nearly one is told how to be one', async () => {
  using rates = state(gpu, { label: 'rates', shape: [1] });
  const scaled = (factor: unknown) =>
    trace(gpu, ({ read }) => ({
      y: ops.scale(read(w), (factor === rates ? read(rates) : factor) as number),
    }));
  await expect(scaled([2])).rejects.toThrow(/scale: the factor: \[2\], expected a number or a tensor \[\]/);
  await expect(scaled(rates)).rejects.toThrow(
    /scale: the factor: a tensor \[1\], expected .*: make its state with shape: \[\], or reshape\(factor, \[\]\)/,
  );
  await expect(scaled(Promise.resolve(2))).rejects.toThrow(/scale: the factor: a Promise, expected/);
});

test('a number is read from a state of one element, and of one replica where it says which', async () => {
  using labels = state(gpu, { shape: [1], values: Uint32Array.of(7) });
  expect(await labels.item()).toBe(7);
  using two = state(gpu, { label: 'two', shape: [], replicas: 2, values: [1, 2] });
  expect(await two.items()).toEqual([1, 2]);
  expect(await two.item(1)).toBe(2);
  await expect(two.item()).rejects.toThrow(/two: replica: left out, expected one of 0 to 1/);
  await expect(w.item()).rejects.toThrow(/w: item: it is \[3\], expected one element/);
});

test('a program is listed with kernels, operands and bytes, its trace with shapes', async () => {
  using W = state(gpu, { label: 'W', shape: [10, 64], replicas: 2 });
  using x = state(gpu, { label: 'x', shape: [32, 64] });
  using program = await trace(
    gpu,
    ({ read, store }) => {
      const z = ops.relu(ops.linear(read(x), read(W), null));
      store(W, ops.scale(grad(ops.mean(z), read(W)), -0.5));
      return { z };
    },
    { label: 'listed' },
  );
  const traced = String(program.graph).split('\n');
  expect(traced[0]).toBe('trace listed');
  expect(traced).toContain('  %1: f32[10, 64] × R   = read(W)');
  expect(traced).toContain('  %2: f32[32, 10] × R   = linear(%0, %1)');
  const lines = String(program).split('\n');
  expect(lines[0]).toBe('program listed');
  // 32 × 64 shared numbers and 2 × 10 × 64 are read, 2 × 32 × 10 written.
  expect(lines[2]).toMatch(
    /^ +0 {2}matmulFused +matmul\/\S+ .*a = x \[32, 64\], b = W \[10, 64\] → c = listed z \[32, 10\] +\d+ × 1 × 2 +13 kB +2\.6 kB$/,
  );
  expect(lines.at(-1)).toMatch(
    /^5 dispatches of 4 pipelines read 33 kB and write 17 kB a run, in 3 states of 16 kB and \d buffers? of/,
  );
});

test('a program leaves no buffer behind, whether it is disposed of or cannot be made', async () => {
  const watch = watchBuffers(gpu);
  const fn = ({ read }: { read(state: State): Tensor }) => ({
    y: ops.softmax(ops.reshape(ops.square(read(w)), [1, 3])),
  });
  const program = await trace(gpu, fn);
  program.run();
  const made = watch.made();
  expect(watch.held()).toBeGreaterThan(0);
  program.dispose();
  program.dispose();
  expect(watch.held()).toBe(0);
  expect(() => program.run()).toThrow(/run after it was disposed of/);
  for (let i = 0; i < made; i++) {
    watch.failAfter(i);
    await expect(trace(gpu, fn)).rejects.toThrow();
    expect(watch.held()).toBe(0);
  }
  watch.stop();
});

test('runs are whole numbers', async () => {
  using program = await trace(gpu, ({ read }) => ({ y: ops.square(read(w)) }), { label: 'p' });
  for (const times of [-1, 1.5, Number.NaN])
    expect(() => program.run(times)).toThrow(/program p: run: .* times, expected a whole number/);
});
