import { expect, test } from 'vitest';
import { solveLinear } from '../../src/measure/statistics/solveLinear.ts';

test('a system whose first pivot is zero is solved for every right side', () => {
  const a = [0, 2, 1, 1, 0, 3, 4, 1, 0];
  const x = [1, -2, 0.5, 3, 4, 5];
  const b = Array.from({ length: 6 }, (_, at) => {
    const [i, k] = [Math.floor(at / 2), at % 2];
    return [0, 1, 2].reduce((sum, j) => sum + a[3 * i + j]! * x[2 * j + k]!, 0);
  });
  const found = solveLinear(a, b, 3)!;
  expect([...found]).toEqual(x.map((value) => expect.closeTo(value, 12)));
});

test('a singular matrix has no solution', () => {
  expect(solveLinear([1, 2, 2, 4], [1, 1], 2)).toBeNull();
});
