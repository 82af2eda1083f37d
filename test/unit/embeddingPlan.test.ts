import { expect, test } from 'vitest';
import { embeddingBlock } from '../../src/ops/plans/embeddingPlan.ts';

const SHAPES = [2, 65, 256].flatMap((entries) =>
  [1, 33, 2048, 8192].flatMap((rows) => [1, 64].map((width) => ({ entries, rows, width }))),
);

test.each(SHAPES)(
  'rows of a table are added up in blocks that fill a device and are not tiny: %o',
  (shape) => {
    for (const kind of ['gpu', 'cpu'] as const) {
      const block = embeddingBlock(shape, { kind });
      const blocks = Math.ceil(shape.rows / block);
      expect(block).toBeGreaterThanOrEqual(Math.min(32, shape.rows));
      expect(block).toBeLessThanOrEqual(shape.rows);
      // What is added up afterwards is not more than what a device is kept busy by, of up to 16 columns an invocation.
      expect(blocks === 1 || blocks * shape.entries * shape.width <= 2 * 16 * 16_384).toBe(true);
    }
  },
);

test('a table of two rows is added up by more invocations than it has columns', () => {
  expect(embeddingBlock({ rows: 2048, entries: 2, width: 64 }, { kind: 'gpu' })).toBe(32);
});
