import { expect, test } from 'vitest';
import { planSum } from '../../src/ops/plans/sumPlan.ts';

test.for([1, 33, 512, 513, 784, 4097, 101_770, 4_194_304])(
  'a sum of %i takes passes of short chunks',
  (reduced) => {
    let left = reduced;
    for (const { call, chunks } of planSum({ outer: 3, reduced, inner: 5 })) {
      const { chunk } = call.params as { chunk: number };
      expect(call.params.reduced).toBe(left);
      expect(chunk).toBeLessThanOrEqual(512);
      expect(chunks).toBe(Math.ceil(left / chunk));
      expect(call.grid[0] * 64).toBeGreaterThanOrEqual(3 * 5 * chunks);
      left = chunks;
    }
    expect(left).toBe(1);
  },
);
