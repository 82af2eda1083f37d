import { expect, test } from 'vitest';
import { sampleLength } from '../../src/cli/bench/sampleLength.ts';

test('a sample of a case is shorter, and there are fewer, for whoever takes long', () => {
  const all = Number.POSITIVE_INFINITY;
  expect(sampleLength(20, 6)).toEqual({ times: 20, before: 2, samples: all });
  expect(sampleLength(20, 50)).toEqual({ times: 20, before: 2, samples: all });
  expect(sampleLength(20, 100)).toEqual({ times: 10, before: 2, samples: all });
  expect(sampleLength(10, 999)).toEqual({ times: 1, before: 2, samples: all });
  expect(sampleLength(10, 1700)).toEqual({ times: 1, before: 0, samples: 3 });
  expect(sampleLength(1, 60_000)).toEqual({ times: 1, before: 0, samples: 1 });
});
