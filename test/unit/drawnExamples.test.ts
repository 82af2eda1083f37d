import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { drawnExamples } from '../../src/data/drawnExamples.ts';

const EXAMPLES = 40;
const dataset: Dataset = {
  name: 'counted',
  x: Float32Array.from({ length: 3 * EXAMPLES }, (_, i) => i),
  exampleShape: [3],
  targets: {
    kind: 'classes',
    labels: Uint32Array.from({ length: EXAMPLES }, (_, n) => n),
    classes: EXAMPLES,
  },
  examples: EXAMPLES,
};

test('drawn examples keep their targets, come once each, and differ by the seed', () => {
  const labelsOf = (seed: number): number[] => {
    const { x, targets, examples } = drawnExamples(dataset, 15, seed);
    expect(examples).toBe(15);
    const { labels } = targets as { labels: Uint32Array };
    labels.forEach((n, i) => {
      expect([...x.subarray(3 * i, 3 * i + 3)]).toEqual([3 * n, 3 * n + 1, 3 * n + 2]);
    });
    return [...labels];
  };
  expect(new Set(labelsOf(1)).size).toBe(15);
  expect(labelsOf(1)).toEqual(labelsOf(1));
  expect(labelsOf(1)).not.toEqual(labelsOf(2));
  // Each example is in as many of 400 draws as any other: 150 of them, by a binomial spread of 9.7.
  const counts = new Array<number>(EXAMPLES).fill(0);
  for (let seed = 0; seed < 400; seed++) for (const n of labelsOf(seed)) counts[n]!++;
  for (const count of counts) expect(Math.abs(count - 150)).toBeLessThan(4 * 9.7);
  expect(() => drawnExamples(dataset, 41, 0)).toThrow(/it has 40, expected at least 41/);
});

test('bytes and values go with their example too', () => {
  const bytes = drawnExamples(
    {
      ...dataset,
      x: Uint8Array.from({ length: 3 * EXAMPLES }, (_, i) => i),
      targets: { kind: 'values', y: Float32Array.from({ length: 2 * EXAMPLES }, (_, i) => i), width: 2 },
    },
    EXAMPLES,
    5,
  );
  const { y } = bytes.targets as { y: Float32Array };
  expect(bytes.x).toBeInstanceOf(Uint8Array);
  for (let n = 0; n < EXAMPLES; n++) expect(y[2 * n]! / 2).toBe(bytes.x[3 * n]! / 3);
});
