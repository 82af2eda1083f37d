import { expect, test } from 'vitest';
import { checkDerivatives } from '../../src/autograd/checkDerivatives.ts';
import { jvp } from '../../src/autograd/jvp.ts';
import { perExample } from '../../src/autograd/perExample.ts';
import { trace } from '../../src/autograd/trace.ts';
import { grad, vjp } from '../../src/autograd/vjp.ts';
import { state } from '../../src/gpu/state.ts';
import { time } from '../../src/gpu/time.ts';
import * as ops from '../../src/ops/index.ts';
import { opTable } from '../../src/ops/op.ts';
import { testGpu } from './device.ts';

const gpu = await testGpu();
/** Ops of these tests must not stay in the table that others walk. */
const keep = new Map(opTable());
const restore = (): void => {
  for (const name of opTable().keys()) if (!keep.has(name)) (opTable() as Map<string, ops.Op>).delete(name);
};

/** log(1 + eˣ), and d · f(x) for its derivative: the sigmoid. */
const SOFTPLUS = `
struct Params { elements: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let v = x[params.xOffset + group.z * params.xReplica + i];
  y[params.yOffset + group.z * params.yReplica + i] = max(v, 0.0) + log(1.0 + exp(-abs(v)));
}
`;

async function softplusOp(rules: Partial<ops.Op> = {}): Promise<(x: ops.Tensor) => ops.Tensor> {
  const source = await ops.kernel('mine/softplus', SOFTPLUS);
  const along = (x: ops.Tensor, d: ops.Tensor | null) => [d ? ops.multiply(d, ops.sigmoid(x)) : null];
  const op = ops.defineOp(
    {
      name: 'mine/softplus',
      vjp: ({ inputs: [x] }, [d]) => along(x!, d!),
      jvp: ({ inputs: [x] }, [d]) => along(x!, d!),
      lower: ({ inputs: [x], outputs: [y] }, to) => {
        const elements = y!.shape.reduce((a, b) => a * b, 1);
        to.dispatch({ source, params: { elements }, grid: ops.linearGrid(elements) }, { x: x!, y: y! });
      },
      ...rules,
    },
    { replace: true },
  );
  return (x) => ops.apply(op, [x], {}, { shape: x.shape });
}

const reference = (x: Float64Array): Float64Array =>
  x.map((v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))));

test("an op of one's own has its value and its derivatives, against float64 and without", async () => {
  const softplus = await softplusOp();
  const inputs = [{ shape: [9, 7] }];
  const exact = await checkDerivatives(gpu, softplus, inputs, { reference });
  // exp and log of WGSL are right to a few units in the last place.
  expect(exact.value).toBeLessThan(1e-6);
  expect(exact.adjoint).toBeLessThan(16 * 2 ** -24);
  expect(exact.tangent).toBeLessThan(2e-6);
  expect(exact.second).toBeLessThan(1e-5);
  expect(exact.missing).toEqual([]);
  const differences = await checkDerivatives(gpu, softplus, inputs);
  expect(differences).toMatchObject({ value: null, adjoint: exact.adjoint });
  expect(differences.tangent).toBeLessThan(2e-3);
  expect(differences.second).toBeLessThan(2e-3);
  restore();
});

test('rules that are wrong are found', async () => {
  const wrongTangent = await softplusOp({
    jvp: ({ inputs: [x] }, [d]) => [d && ops.multiply(d, ops.tanh(x!))],
  });
  const found = await checkDerivatives(gpu, wrongTangent, [{ shape: [33] }], { reference });
  expect(found.adjoint).toBeGreaterThan(0.01);
  expect(found.tangent).toBeGreaterThan(0.05);
  const both = ({ inputs: [x] }: ops.RuleArguments, [d]: readonly (ops.Tensor | null)[]) => [
    d && ops.multiply(d, ops.tanh(x!)),
  ];
  const wrongBoth = await softplusOp({ vjp: both, jvp: both });
  for (const options of [{ reference }, {}]) {
    const { adjoint, tangent, second } = await checkDerivatives(gpu, wrongBoth, [{ shape: [33] }], options);
    expect(adjoint).toBeLessThan(16 * 2 ** -24);
    expect(tangent).toBeGreaterThan(0.05);
    // Without a reference the second derivative is held against the gradient, which is as wrong.
    if ('reference' in options) expect(second).toBeGreaterThan(0.05);
  }
  await expect(
    checkDerivatives(gpu, wrongBoth, [{ shape: [3], values: Uint32Array.of(1, 2, 3) }]),
  ).rejects.toThrow(/inputs: none is of floats/);
  await expect(
    checkDerivatives(gpu, await softplusOp(), [{ shape: [3] }], { reference: () => [1] }),
  ).rejects.toThrow(/reference: it gives 1 values, the function 3/);
  restore();
});

test('serves replicas, and as many workgroups as there are', async () => {
  const softplus = await softplusOp();
  using x = state(gpu, { shape: [3, 5], replicas: 2, values: Array.from({ length: 30 }, (_, i) => i - 15) });
  // One more than a row of workgroups holds.
  const many = 64 * 65_535 + 5;
  using long = state(gpu, { shape: [many], values: new Float32Array(many).fill(2) });
  using program = await trace(gpu, ({ read }) => ({ y: softplus(read(x)), z: softplus(read(long)) }));
  program.run();
  for (const r of [0, 1]) {
    const expected = reference(Float64Array.from({ length: 15 }, (_, i) => 15 * r + i - 15));
    expect([...(await program.results.y.read(r))]).toEqual([...expected].map((v) => expect.closeTo(v, 5)));
  }
  const z = await program.results.z.read();
  expect(Math.min(...z.slice(-100))).toBeCloseTo(2.126928, 5);
  restore();
});

test('a kernel that does not read the grid has no folded one; all its bindings are given', async () => {
  const flat = SOFTPLUS.replace('(group.x + group.y * groups.x)', 'group.x').replace(
    '@builtin(num_workgroups) groups: vec3u,',
    '',
  );
  const source = await ops.kernel('mine/flat', flat);
  const of = (grid: [number, number], operands: 'all' | 'some' | 'undefined') =>
    trace(gpu, ({ fill }) => {
      const op: ops.Op = {
        name: 'mine/flat',
        lower: ({ inputs: [x], outputs: [y] }, to) => {
          const given: Record<string, ops.Operand> =
            operands === 'all'
              ? { x: x!, y: y! }
              : operands === 'some'
                ? { x: x! }
                : { x: x!, y: undefined as never };
          to.dispatch({ source, params: { elements: 3 }, grid }, given);
        },
      };
      return { y: ops.apply(op, [fill(1, [3])], {}, { shape: [3] }) };
    });
  using fits = await of([65_535, 1], 'all');
  fits.run();
  expect([...(await fits.results.y.read())]).toEqual([1, 1, 1].map(() => expect.closeTo(1.313262, 5)));
  await expect(of([65_536, 1], 'all')).rejects.toThrow(/mine\/flat needs a grid of 65536 .* num_workgroups/);
  await expect(of([1, 1], 'some')).rejects.toThrow(
    /mine\/flat: kernel mine\/flat is given nothing for its binding y/,
  );
  await expect(of([1, 1], 'undefined')).rejects.toThrow(/is given nothing for its binding y/);
});

test('an op that computes nothing, a kernel that was not waited for and one of too many buffers are refused', async () => {
  const of = (op: ops.Op) =>
    trace(gpu, ({ fill }) => ({ y: ops.apply(op, [fill(1, [3])], {}, { shape: [3] }) }));
  await expect(of({ name: 'mine/nothing' })).rejects.toThrow(
    /op mine\/nothing has neither a lower nor an expand/,
  );
  await expect(of({ name: 'mine/idle', lower: () => {} })).rejects.toThrow(
    /op mine\/idle: no dispatch of its lower writes its output/,
  );
  const source = ops.kernel('mine/softplus', SOFTPLUS) as unknown as Awaited<ReturnType<typeof ops.kernel>>;
  const early: ops.Op = {
    name: 'mine/early',
    lower: ({ inputs: [x], outputs: [y] }, to) =>
      to.dispatch({ source, params: { elements: 3 }, grid: [1, 1] }, { x: x!, y: y! }),
  };
  await expect(of(early)).rejects.toThrow(/mine\/early: dispatch of no kernel: write await ops\.kernel/);
  await expect(of({ name: 'mine/narrow', expand: ({ inputs: [x] }) => [ops.sum(x!)] })).rejects.toThrow(
    /op mine\/narrow: what its expand gives for output 0 is \[\], expected \[3\]/,
  );
  const made = await source;
  await expect(
    of({
      name: 'mine/gridless',
      lower: ({ inputs: [x], outputs: [y] }, to) =>
        to.dispatch({ source: made, params: { elements: 3 }, grid: 1 as never }, { x: x!, y: y! }),
    }),
  ).rejects.toThrow(/kernel mine\/softplus with the grid 1, expected workgroups \[x, y\]/);
  await expect(
    of({
      name: 'mine/parameterless',
      lower: ({ inputs: [x], outputs: [y] }, to) =>
        to.dispatch({ source: made, params: {}, grid: [1, 1] }, { x: x!, y: y! }),
    }),
  ).rejects.toThrow(
    /mine\/parameterless: kernel mine\/softplus needs the parameter elements, found undefined/,
  );
  const shapeless = trace(gpu, ({ fill }) => ({
    y: ops.apply({ name: 'mine' }, [fill(1, [3])], {}, undefined as never),
  }));
  await expect(shapeless).rejects.toThrow(/mine: type: nothing, expected { shape } of each output/);
  const limit = gpu.device.limits.maxStorageBuffersPerShaderStage;
  const names = Array.from({ length: limit + 1 }, (_, i) => `b${i}`);
  const wide = await ops.kernel(
    'mine/wide',
    `struct Params { ${names.map((b) => `${b}Offset: u32, ${b}Replica: u32`)} }
    @group(0) @binding(0) var<uniform> params: Params;
    ${names.map((b, i) => `@group(0) @binding(${i + 1}) var<storage, read_write> ${b}: array<f32>;`).join('\n')}
    @compute @workgroup_size(1) fn main() { ${names.map((b) => `${b}[params.${b}Offset + params.${b}Replica] = 1.0;`).join(' ')} }`,
  );
  const many: ops.Op = {
    name: 'mine/many',
    lower: ({ outputs: [y] }, to) =>
      to.dispatch(
        { source: wide, params: {}, grid: [1, 1] },
        Object.fromEntries(names.map((b, i) => [b, i ? ops.UNUSED : y!])),
      ),
  };
  await expect(of(many)).rejects.toThrow(
    `kernel mine/wide: ${limit + 1} storage buffers, this adapter takes ${limit}`,
  );
  expect(gpu.errors).toEqual([]);
});

test('WGSL that does not compile is refused with kernel, line and text', async () => {
  const source = await ops.kernel('mine/broken', SOFTPLUS.replace('log(1.0', 'logarithm(1.0'));
  const op: ops.Op = {
    name: 'mine/broken',
    lower: ({ inputs: [x], outputs: [y] }, to) =>
      to.dispatch({ source, params: { elements: 3 }, grid: [1, 1] }, { x: x!, y: y! }),
  };
  const made = trace(gpu, ({ fill }) => ({ y: ops.apply(op, [fill(1, [3])], {}, { shape: [3] }) }));
  await expect(made).rejects.toThrow(
    /kernel mine\/broken does not compile:\n {2}line 16: unresolved call target 'logarithm'\n {4}y\[params.yOffset.*logarithm\(1\.0.*\n +\^/,
  );
});

test('a rule that is missing or gives another shape is refused by the names of op and rule', async () => {
  using w = state(gpu, { label: 'w', shape: [3, 4] });
  const through = (f: (x: ops.Tensor) => ops.Tensor, derive: (y: ops.Tensor, x: ops.Tensor) => unknown) =>
    trace(gpu, ({ read }) => {
      derive(f(read(w)), read(w));
      return { w: read(w) };
    });
  const gradient = (y: ops.Tensor, x: ops.Tensor) => grad(ops.sum(y), x);
  const tangent = (y: ops.Tensor, x: ops.Tensor) => jvp(y, [[x, x]]);
  const examples = (y: ops.Tensor, x: ops.Tensor) => {
    const losses = ops.rowSum(y);
    return perExample(vjp([[losses, ops.fill(x.node.graph, 1, [3])]], [x]), [x]);
  };
  const bare = await softplusOp({ vjp: undefined, jvp: undefined });
  await expect(through(bare, gradient)).rejects.toThrow(/op mine\/softplus has no reverse-mode rule \(vjp\)/);
  await expect(through(bare, tangent)).rejects.toThrow(/op mine\/softplus has no forward-mode rule \(jvp\)/);
  await expect(through(await softplusOp(), examples)).rejects.toThrow(
    /no per-example gradient: mine\/softplus uses the parameter for its operand 0, and it has no rule perExample/,
  );
  const narrow = await softplusOp({ vjp: (_, [d]) => [ops.rowSum(d!)], jvp: (_, [d]) => [ops.rowSum(d!)] });
  await expect(through(narrow, gradient)).rejects.toThrow(
    /op mine\/softplus: the cotangent that its vjp gives operand 0 is \[3\], expected \[3, 4\]/,
  );
  await expect(through(narrow, tangent)).rejects.toThrow(
    /the tangent that its jvp gives output 0 is \[3\], expected \[3, 4\]/,
  );
  const errors = await checkDerivatives(gpu, await softplusOp(), [{ shape: [2] }]);
  expect(errors.missing).toEqual([]);
  restore();
});

test('two ops of one name are refused, unless the second is to take the place of the first; they are never merged', async () => {
  const scaled = (factor: number, replace?: boolean) => {
    const op = ops.defineOp(
      { name: 'mine/scaled', expand: ({ inputs: [x] }) => [ops.scale(x!, factor)] },
      { replace },
    );
    return (x: ops.Tensor) => ops.apply(op, [x], {}, { shape: x.shape });
  };
  const twice = scaled(2);
  expect(() => scaled(3)).toThrow(
    /defineOp: mine\/scaled: there is an op of that name already; { replace: true }/,
  );
  expect(() => ops.defineOp({ name: '' })).toThrow(/defineOp: name: "", expected a text/);
  const thrice = scaled(3, true);
  using x = state(gpu, { shape: [2], values: [1, 2] });
  using program = await trace(gpu, ({ read }) => ({ two: twice(read(x)), three: thrice(read(x)) }));
  program.run();
  expect([...(await program.results.two.read())]).toEqual([2, 4]);
  expect([...(await program.results.three.read())]).toEqual([3, 6]);
  restore();
});

test('programs are timed side by side', async () => {
  const softplus = await softplusOp();
  using x = state(gpu, { shape: [1 << 14], values: new Float32Array(1 << 14).fill(0.5) });
  using mine = await trace(gpu, ({ read }) => ({ y: softplus(read(x)) }), { label: 'mine' });
  using basin = await trace(gpu, ({ read }) => ({ y: ops.gelu(read(x)) }), { label: 'basin' });
  const times = await time(gpu, { mine, basin }, { rounds: 3 });
  expect(Object.keys(times)).toEqual(['mine', 'basin']);
  for (const { samples, median, fastest, slowest } of Object.values(times)) {
    expect(samples).toHaveLength(3);
    expect(fastest).toBeGreaterThan(0);
    expect([fastest, median, slowest]).toEqual([...samples].sort((a, b) => a - b));
  }
  await expect(time(gpu, {})).rejects.toThrow(/time: programs: none given/);
  await expect(time(gpu, { mine }, { rounds: 0 })).rejects.toThrow(/time: rounds: 0, expected/);
  restore();
});
