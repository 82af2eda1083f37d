import { describe, expect, test } from 'vitest';
import { kernelVariants } from '../../src/build/kernelVariants.ts';
import { linkWgsl } from '../../src/build/linkWgsl.ts';
import { packKernel } from '../../src/build/packKernel.ts';
import { listKernels, readKernel } from '../../src/build/readKernel.ts';
import { reflectWgsl } from '../../src/build/reflectWgsl.ts';
import { specialise } from '../../src/gpu/specialise.ts';
import { unpackKernel } from '../../src/gpu/unpackKernel.ts';

const ROOT = `// probe: a kernel for the tests of linking.
// Layout: y [n].
// Variants: probe, probeVec4 (vec4).

import package::shared::double::{Real, doubled};

// knobs
const STEPS: u32 = 2u;
// end knobs

struct Params { n: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<Real>;

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  // unroll
  for (var i = 0u; i < STEPS; i++) { y[id.x] = doubled(y[id.x]); }
  @if(vec4) y[0].w = 1.0;
  @else y[0] = 1.0;
}
`;
const DOUBLE = `// double: for the tests of linking.

@if(vec4) alias Real = vec4f;
@else alias Real = f32;

// Twice v.
fn doubled(v: Real) -> Real { return v + v; }

fn tripled(v: Real) -> Real { return v + doubled(v); }
`;

function link(files: Record<string, string>, conditions: string[] = []) {
  return linkWgsl('test/probe', conditions, (file) => files[file]);
}

describe('linking', () => {
  const files = { 'test/probe': ROOT, 'shared/double': DOUBLE };

  test('puts what is imported behind the kernel, and leaves out what is not used', async () => {
    const { code, files: parts } = await link(files);
    expect(parts).toEqual(['test/probe', 'shared/double']);
    expect(code).toContain('// Twice v.\nfn doubled(v: Real) -> Real {');
    expect(code).not.toMatch(/^import|tripled|@if|vec4f/m);
    expect(code).toContain('y[0] = 1.0;');
  });

  test('keeps the header before imports, knobs and loops to be written out', async () => {
    const { code } = await link(files);
    expect(code.slice(0, ROOT.indexOf('\n\n'))).toBe(ROOT.slice(0, ROOT.indexOf('\n\n')));
    const variant = specialise(reflectWgsl('test/probe', code), code, { STEPS: 3 });
    expect(variant).toContain('const STEPS: u32 = 3u;');
    expect(variant.match(/= doubled\(/g)).toHaveLength(3);
    expect(variant).not.toContain('// unroll');
  });

  test('takes the alternatives whose condition holds, in the kernel and in what it imports', async () => {
    const { code } = await link(files, ['vec4']);
    expect(code).toContain('alias Real = vec4f;');
    expect(code).toContain('y[0].w = 1.0;');
    expect(code).not.toContain('y[0] = 1.0;');
  });

  test('refuses what it cannot find, by file and function', async () => {
    const of = (from: string, to: string) => link({ ...files, 'test/probe': ROOT.replaceAll(from, to) });
    await expect(of('doubled', 'halved')).rejects.toThrow(
      'shaders/test/probe.wgsl:17: imports halved, which shaders/shared/double.wgsl does not have',
    );
    await expect(of('::double::', '::twice::')).rejects.toThrow(
      /^shaders\/test\/probe\.wgsl:\d+: imports \w+ of shaders\/shared\/twice\.wgsl, which does not exist$/,
    );
    await expect(of('= doubled(', '= tripled(')).rejects.toThrow(
      'shaders/test/probe.wgsl: imports doubled and does not use it',
    );
    await expect(of('STEPS; i++', 'LENGTH; i++')).rejects.toThrow(
      "shaders/test/probe.wgsl:17: unresolved identifier 'LENGTH'",
    );
    const broken = { ...files, 'shared/double': DOUBLE.replace('return v + v;', 'return v + ;') };
    const error = await link(broken).catch((error: Error) => error);
    expect(error).toMatchObject({ files: ['test/probe', 'shared/double'] });
    expect((error as Error).message).toMatch(/^shaders\/shared\/double\.wgsl:7:\d+ error: /);
  });
});

describe('kernels of a file', () => {
  test('are those of its header', () => {
    expect(kernelVariants('test/probe', ROOT)).toEqual([
      { name: 'test/probe', file: 'test/probe', conditions: [] },
      { name: 'test/probeVec4', file: 'test/probe', conditions: ['vec4'] },
    ]);
    const two = ROOT.replace('(vec4).', '(vec4 wide),\n//   probeF16 (half f16). Two.');
    expect(kernelVariants('test/probe', two).map(({ conditions }) => conditions)).toEqual([
      [],
      ['vec4', 'wide'],
      ['half', 'f16'],
    ]);
    const none = ROOT.replace(/\/\/ Variants.*\n/, '');
    expect(kernelVariants('test/probe', none)).toEqual([
      { name: 'test/probe', file: 'test/probe', conditions: [] },
    ]);
    expect(() => kernelVariants('test/probe', ROOT.replace('(vec4)', 'with vec4'))).toThrow(
      'shaders/test/probe.wgsl: expected "name (conditions)" in Variants, found: probeVec4 with vec4',
    );
  });

  test('have names of their own, and are asked for by their conditions', async () => {
    const names = listKernels().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const { text } = await readKernel('matmul/matmulTiled', ['half', 'f16']);
    expect(text.name).toBe('matmul/matmulTiledF16');
    expect(text.linked).toMatch(/^enable f16;$/m);
    await expect(readKernel('matmul/matmulTiled', ['f16'])).rejects.toThrow(
      'shaders/matmul/matmulTiled.wgsl: asked for with the conditions "f16", its Variants have "", "vec4", "half", "half f16"',
    );
  });
});

test('an interface is the same when it has been packed', async () => {
  for (const { file, conditions } of listKernels()) {
    const { text } = await readKernel(file, conditions);
    const { file: _, conditions: __, written: ___, linked, ...reflected } = text;
    const code = async () => linked;
    expect(unpackKernel(packKernel(text, 'v'), code)).toEqual({ ...reflected, version: 'v', code });
  }
  const { text } = await readKernel('structure/fill', []);
  const apart = { ...text, params: text.params.map((of) => ({ ...of, offset: 8 + of.offset })) };
  expect(() => packKernel(apart, 'v')).toThrow(/kernel structure\/fill: expected Params\.\w+ at 0, found 8/);
});
