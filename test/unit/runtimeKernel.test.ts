import { expect, test } from 'vitest';
import { InputError } from '../../src/host/inputError.ts';
import { kernel } from '../../src/ops/kernel.ts';

const CODE = `// double: y = factor · x.
// knobs
const FACTOR: f32 = 2.0;
// end knobs
struct Params { n: u32, bias: f32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.x * 64u + lane;
  if (i >= params.n) { return; }
  y[params.yOffset + group.z * params.yReplica + i] = FACTOR * x[params.xOffset + group.z * params.xReplica + i];
}
`;

test('a kernel is reflected when it is given, and told apart by its text', async () => {
  const source = await kernel('mine/double', CODE);
  expect(source).toMatchObject({
    name: 'mine/double',
    knobs: { FACTOR: { type: 'f32', value: '2.0' } },
    bindings: [
      { name: 'x', binding: 1, access: 'read', element: 'f32' },
      { name: 'y', binding: 2, access: 'read_write', element: 'f32' },
    ],
    paramsBytes: 24,
    workgroupSize: [64, 1, 1],
    ofUser: { folds: false },
  });
  expect(source.params.map(({ name, type }) => `${name}: ${type}`)).toContain('bias: f32');
  expect(await source.code()).toBe(CODE);
  const other = await kernel(
    'mine/double',
    CODE.replace('group: vec3u', 'group: vec3u, @builtin(num_workgroups) groups: vec3u'),
  );
  expect(other.ofUser).toEqual({ folds: true });
  expect(other.version).not.toBe(source.version);
});

const REFUSED: Record<string, [from: string | RegExp, to: string, message: string]> = {
  'an entry point of another name': [
    'fn main',
    'fn start',
    'line 10: expected one compute entry point, called main',
  ],
  'no entry point': [/@compute[\s\S]*/, '', 'WGSL: expected one compute entry point'],
  'no params': [
    'var<uniform> params',
    'var<uniform> p',
    'line 6: expected one uniform, `params`, at binding 0',
  ],
  'a vector among params': ['bias: f32', 'bias: vec2f', 'line 5: Params.bias is a vec2f, expected a scalar'],
  'no offset': ['xOffset: u32, ', '', 'line 7: Params lacks xOffset: u32 for the binding x'],
  'an offset that is not used': [
    'x[params.xOffset + ',
    'x[',
    'line 5: params.xOffset is not used: an element of x is x[params.xOffset + group.z * params.xReplica + i]',
  ],
  'a replica stride that is named in a comment alone': [
    ' + group.z * params.yReplica',
    ' /* params.yReplica */',
    'line 5: params.yReplica is not used',
  ],
  'another group': [
    '@group(0) @binding(2)',
    '@group(1) @binding(2)',
    'line 8: the binding y is in group 1, expected 0',
  ],
  'a gap between bindings': ['@binding(2)', '@binding(3)', 'line 8: the binding y is at 3, expected 2'],
  'no array': ['y: array<f32>', 'y: f32', 'line 8: the binding y is a f32, expected an array'],
  'a texture': [
    '@compute',
    '@group(0) @binding(3) var image: texture_2d<f32>;\n@compute',
    'line 10: a binding image that is no buffer',
  ],
  'an override': [
    '\n@compute',
    '\noverride WIDTH: u32 = 2;\n@compute',
    'line 10: override WIDTH, expected a const in the knob block',
  ],
  'a knob without a type': [
    'FACTOR: f32',
    'FACTOR',
    'line 2: expected a typed const in the knob block, found: const FACTOR = 2.0;',
  ],
  imports: [
    'struct Params',
    'import package::shared::floats::isNan;\nstruct Params',
    "line 5: imports and @if are for kernels of Basin's own build",
  ],
  'what does not parse': ['fn main(', 'fn main( {', 'WGSL: Expected argument name (line 11)'],
};
for (const [what, [from, to, message]] of Object.entries(REFUSED)) {
  test(`refused with its line: ${what}`, async () => {
    const error = await kernel('mine/double', CODE.replace(from, to)).catch((e: Error) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(`kernel mine/double: ${message}`);
  });
}

test('refused: what is no name and no text', async () => {
  await expect(kernel('', CODE)).rejects.toThrow('kernel: name: "", expected a text');
  await expect(kernel('mine/double', undefined as unknown as string)).rejects.toThrow(
    'kernel mine/double: WGSL: nothing, expected a text',
  );
  const nothing = CODE.replace(/@group\(0\) @binding\([12]\).*\n/g, '').replace(/ {2}y\[.*\n/, '');
  await expect(kernel('mine/double', nothing)).rejects.toThrow('it has no storage binding');
});
