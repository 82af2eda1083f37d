import { expect, test } from 'vitest';
import { compactWgsl } from '../../src/build/compactWgsl.ts';
import { reflectWgsl } from '../../src/build/reflectWgsl.ts';
import { specialise } from '../../src/gpu/specialise.ts';

const CODE = `// probe: a kernel for the tests of reflection.
// knobs
const TILE: u32 = 2u;
const EPS: f32 = 1e-3;
const BIAS: bool = false;
// end knobs
struct Params { m: u32, rate: f32, aOffset: u32, aReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> a: array<vec4f>;
var<workgroup> part: array<f32, 8>;
@compute @workgroup_size(TILE, 4)
fn main() {
  // unroll
  for (var i = 0u; i < TILE; i++) {
    // unroll
    for (var j = 0u; j < 2u; j++) {
      a[i * 2u + j].x = EPS;
    }
  }
}
`;

test('a kernel file is reflected by name', () => {
  const source = reflectWgsl('probe', CODE);
  expect(source.bindings).toEqual([{ name: 'a', binding: 1, access: 'read_write', element: 'vec4f' }]);
  expect(source.params.map((p) => [p.name, p.offset, p.type])).toEqual([
    ['m', 0, 'u32'],
    ['rate', 4, 'f32'],
    ['aOffset', 8, 'u32'],
    ['aReplica', 12, 'u32'],
  ]);
  expect(source.workgroupSize).toEqual([2, 4, 1]);
  expect(source.workgroupBytes).toBe(32);
  expect(source.knobs.TILE).toEqual({ type: 'u32', value: '2u' });
});

test('a variant replaces the knob block and writes marked loops out', () => {
  const code = specialise(reflectWgsl('probe', CODE), CODE, { TILE: 3, BIAS: true, EPS: 0.5 });
  expect(code).toContain('const TILE: u32 = 3u;');
  expect(code).toContain('const BIAS: bool = true;');
  expect(code).toContain('const EPS: f32 = f32(0.5);');
  expect(code).not.toContain('for (');
  expect(code.match(/\.x = EPS/g)).toHaveLength(6);
  expect(code).toContain('a[2u * 2u + 1u].x = EPS;');
});

test('a loop may be as long as an element of a list, and as a difference', () => {
  const bounded = (bound: string): string => {
    const list = 'const TILES = array<u32, 3>(1u, TILE, 5u);\nstruct Params';
    const text = CODE.replace('struct Params', list).replace('j < 2u', `j < ${bound}`);
    return specialise(reflectWgsl('probe', text), text, { TILE: 3 });
  };
  // For i = 0, 1 and 2: elements 0, 1 and 2, then from the last one down.
  expect(bounded('TILES[i]').match(/\.x = EPS/g)).toHaveLength(1 + 3 + 5);
  expect(bounded('TILES[TILE - 1u - i]').match(/\.x = EPS/g)).toHaveLength(5 + 3 + 1);
  expect(bounded('TILE - 1u').match(/\.x = EPS/g)).toHaveLength(3 * 2);
  expect(() => bounded('TILES[3u]')).toThrow(
    'cannot unroll a loop to TILES[3u]: it is no knob and no number',
  );
  expect(() => bounded('OTHERS[i]')).toThrow('cannot unroll a loop to OTHERS[0u]');
  expect(() => bounded('params.m')).toThrow('cannot unroll a loop to params.m');
});

test('what departs from the form is refused by name', () => {
  expect(() => specialise(reflectWgsl('probe', CODE), CODE, { WIDTH: 1 })).toThrow(/unknown knob WIDTH/);
  expect(() => specialise(reflectWgsl('probe', CODE), CODE, { BIAS: 1 })).toThrow(
    /BIAS is 1, expected a bool/,
  );
  expect(() => reflectWgsl('probe', CODE.replace('aReplica', 'other'))).toThrow(/lacks aReplica/);
  expect(() => reflectWgsl('probe', CODE.replace('fn main', 'fn start'))).toThrow(/called main/);
});

test('what is shipped has no comments, and is specialised to the same program', () => {
  const source = reflectWgsl('probe', CODE);
  const shipped = compactWgsl(CODE);
  expect(shipped).not.toMatch(/a kernel for the tests/);
  expect(shipped.split('\n').filter((line) => line.startsWith('//'))).toEqual([
    '// knobs',
    '// end knobs',
    '// unroll',
    '// unroll',
  ]);
  const knobs = { TILE: 3, BIAS: true };
  expect(compactWgsl(specialise(source, shipped, knobs))).toBe(compactWgsl(specialise(source, CODE, knobs)));
});
