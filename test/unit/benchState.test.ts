import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isNoisy } from '../../src/bench/timing.ts';
import { summariseResult } from '../../src/build/libraryResult.ts';
import { benchState, benchValues } from '../../src/web/bench/benchState.ts';
import { packText, unpackText } from '../../src/web/bench/editor/sharedText.ts';
import { wgslTokenAt, wgslTokens } from '../../src/web/bench/highlight.ts';
import { formatUrlState, parseUrlState } from '../../src/web/urlState.ts';

const RESULTS = fileURLToPath(new URL('../../bench/results/', import.meta.url));
const SHADERS = fileURLToPath(new URL('../../shaders/', import.meta.url));

describe('the state of the bench in its address', () => {
  test('an empty address is the state by default', () => {
    expect(benchState(parseUrlState(''))).toMatchObject({
      tab: 'kernels',
      quick: false,
      ladder: 'matmul',
      metric: 'time',
      gridX: '',
    });
    expect(benchState(parseUrlState('#nowhere?version=-1&metric=speed'))).toMatchObject({
      tab: 'kernels',
      version: undefined,
      metric: 'time',
    });
  });

  test('what is written is read again', () => {
    const state = {
      tab: 'editor',
      run: 'kernels-node-h200',
      quick: true,
      families: new Set(['matmul', 'reduce']),
      row: 'matmul NN 256×256×256',
      ladder: 'conv weight gradient',
      version: 3,
      shape: '8 → 16, 5×5 on 12×12, B = 32',
      metric: 'rate',
      a: 'live',
      b: 'kernels-node-h200',
      results: 'peers-chromium-swiftshader',
      edit: 'matmul ladder 4',
      kernel: 'matmul/matmulNN',
      gridX: 'ceil(m / 4) * ceil(n / 4)',
      gridY: '1',
      text: packText('fn main() {}'),
    } as const;
    const { tab, ...others } = state;
    const values = Object.fromEntries(
      Object.entries(benchValues(others)).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const address = formatUrlState({ place: tab, values });
    expect(benchState(parseUrlState(address))).toEqual(state);
    const { tab: _, ...first } = benchState(parseUrlState(''));
    expect(Object.values(benchValues(first)).filter((value) => value !== undefined)).toEqual(['matmul']);
  });
});

describe('a text in the address', () => {
  test('every kernel is a few thousand letters at most, and comes back as it was', () => {
    const files = readdirSync(SHADERS, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.wgsl'),
    );
    for (const file of files) {
      const text = readFileSync(SHADERS + file, 'utf8');
      const packed = packText(text);
      expect(packed, file).toMatch(/^[\w-]+$/);
      expect(packed.length, file).toBeLessThan(8000);
      expect(unpackText(packed), file).toBe(text);
    }
  });

  test('what was cut or is too long is refused', () => {
    const packed = packText(readFileSync(`${SHADERS}matmul/matmulTiled.wgsl`, 'utf8'));
    expect(() => unpackText(packed.slice(0, 200))).toThrow(/cannot be read/);
    expect(() => unpackText('§')).toThrow(/cannot be read/);
    expect(() => unpackText(packText('a'.repeat(2 ** 20)))).toThrow(/cannot be read/);
  });
});

test('the editor colours the words that the viewer does', () => {
  const text = readFileSync(`${SHADERS}matmul/matmulTiled.wgsl`, 'utf8');
  for (const line of text.split('\n')) {
    const words: { kind: string; text: string }[] = [];
    for (let at = 0; at < line.length; ) {
      const token = wgslTokenAt(line, at);
      words.push(token);
      at += token.text.length;
    }
    expect(words.map((word) => word.text).join('')).toBe(line);
    const marked = (tokens: readonly { kind: string }[]) => tokens.filter(({ kind }) => kind !== 'plain');
    expect(marked(words)).toEqual(marked(wgslTokens(line)));
  }
});

test('every result beside other libraries is read: who took how long for what', () => {
  const files = readdirSync(RESULTS).filter(
    (name) => /^(peers|step|sweep)-.*\.json$/.test(name) && name !== 'step-node-lavapipe.json',
  );
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    const text = readFileSync(RESULTS + file, 'utf8');
    const result = summariseResult(JSON.parse(text));
    expect(result.libraries[0], file).toMatchObject({ key: 'basin', name: 'Basin' });
    expect(result.cases.length, file).toBeGreaterThan(1);
    const keys = new Set(result.libraries.map(({ key }) => key));
    for (const { name, times } of result.cases) {
      for (const [key, { median, min, max, wrong }] of Object.entries(times)) {
        expect(keys.has(key), `${file} ${name} ${key}`).toBe(true);
        expect(min <= median && median <= max, `${file} ${name} ${key}`).toBe(true);
        if (key === 'basin') expect(wrong).toBe(false);
      }
    }
    expect(JSON.stringify(result).length, file).toBeLessThan(text.length / 3);
  }
});

test('a time is noisy where its rounds spread by more than a fifth', () => {
  expect(isNoisy({ median: 167, spread: 141 })).toBe(true);
  expect(isNoisy({ median: 4.31, spread: 0.28 })).toBe(false);
});
