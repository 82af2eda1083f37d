import { describe, expect, test } from 'vitest';
import { wgslTokens } from '../../src/web/bench/highlight.ts';

const kernels = import.meta.glob<string>('../../shaders/**/*.wgsl', {
  eager: true,
  query: '?raw',
  import: 'default',
});

describe('highlighting', () => {
  test('tells the words of WGSL apart', () => {
    const of = (code: string) =>
      wgslTokens(code).flatMap(({ kind, text }) => (kind === 'plain' ? [] : [`${kind} ${text}`]));
    expect(of('@group(0) var<storage, read> x: array<vec4f>; // let it be')).toEqual([
      'attribute @group',
      'number 0',
      'keyword var',
      'keyword storage',
      'keyword read',
      'type array',
      'type vec4f',
      'comment // let it be',
    ]);
    expect(of('const TILE: u32 = 0x1fu + 2e-3f; letter')).toEqual([
      'keyword const',
      'type u32',
      'number 0x1fu',
      'number 2e-3f',
    ]);
  });

  test('leaves no character out', () => {
    expect(Object.keys(kernels).length).toBeGreaterThan(50);
    for (const [path, code] of Object.entries(kernels)) {
      expect(
        wgslTokens(code)
          .map(({ text }) => text)
          .join(''),
        path,
      ).toBe(code);
    }
  });
});
