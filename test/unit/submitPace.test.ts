import { expect, test } from 'vitest';
import { inParts } from '../../src/gpu/inParts.ts';
import type { Program } from '../../src/gpu/program.ts';
import { SubmitPace } from '../../src/gpu/submitPace.ts';

const always = (kind: string) => (): string => kind;

/** A device on which steps take so long by their kinds, and a submit some time of its own. */
function submits(
  kindOf: (step: number) => string,
  milliseconds: (kind: string) => number,
  steps: number,
): { readonly lasted: number[]; readonly held: number[] } {
  const pace = new SubmitPace(256);
  const [lasted, held] = [[] as number[], [] as number[]];
  for (let step = 0; step < steps; ) {
    const from = step;
    const count = pace.count((next) => kindOf(from + next), steps - step);
    const kinds = Array.from({ length: count }, (_, i) => kindOf(from + i));
    const parts = count === 1 ? pace.parts(kinds[0]!) : 1;
    const time = kinds.reduce((sum, kind) => sum + milliseconds(kind), 0);
    pace.took(kinds, time + 2);
    lasted.push(time / parts);
    held.push(count);
    step += count;
  }
  return { lasted, held };
}

test('steps of an unknown kind go alone, cheap ones then many at once', () => {
  const pace = new SubmitPace(256);
  expect(pace.count(always('a'), 1000)).toBe(1);
  expect(pace.parts('a')).toBe(4);
  const { held, lasted } = submits(always('a'), () => 0.1, 5000);
  expect(held[0]).toBe(1);
  expect(Math.max(...held)).toBe(256);
  expect(held.length).toBeLessThan(30);
  expect(Math.max(...lasted)).toBeLessThan(150);
});

test('sixteen at least, where those do not last too long', () => {
  expect(
    submits(always('a'), () => 20, 200)
      .held.slice(1, -1)
      .every((count) => count === 16),
  ).toBe(true);
  expect(Math.max(...submits(always('a'), () => 100, 40).lasted)).toBeLessThanOrEqual(500);
});

test('a step that is measured, and takes long, never makes a submit long', () => {
  const kindOf = (step: number): string => (step % 50 === 49 ? 'measured' : 'plain');
  const { lasted } = submits(kindOf, (kind) => (kind === 'measured' ? 3000 : 1), 600);
  // At first its time is not known.
  expect(lasted.filter((time) => time > 500)).toEqual([750]);
});

test('a step that takes longer than a submit may is spread over several', () => {
  const { lasted, held } = submits(always('slow'), () => 6000, 6);
  expect(held).toEqual([1, 1, 1, 1, 1, 1]);
  expect(lasted[0]).toBe(1500);
  expect(Math.max(...lasted.slice(1))).toBeLessThanOrEqual(500);
});

test('programs are cut into parts with every dispatch once, in order', () => {
  for (const lengths of [[7], [1, 5, 2], [1], [3, 0, 4], [0], []]) {
    for (const parts of [1, 2, 3, 4, 20]) {
      const seen: string[] = [];
      const programs = lengths.map((length, p) => {
        const dispatches = Array.from({ length });
        const encode = (_: unknown, from: number, until: number): void => {
          for (let i = from; i < Math.min(until, length); i++) seen.push(`${p}.${i}`);
        };
        return { dispatches, encode } as unknown as Program;
      });
      const made = inParts(programs, parts);
      for (const encode of made) encode({} as GPUComputePassEncoder);
      expect(made.length).toBeLessThanOrEqual(parts);
      // A submit of nothing still reads the ring.
      expect(made.length).toBeGreaterThan(0);
      expect(seen).toEqual(lengths.flatMap((n, p) => Array.from({ length: n }, (_, i) => `${p}.${i}`)));
    }
  }
});
