import { expect, test } from 'vitest';
import { threefry2x32, uniform01 } from '../../src/random/threefry.ts';

test('agrees with the known answers of Random123 (kat_vectors, threefry2x32 20)', () => {
  expect(threefry2x32(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
  const ones = 0xffffffff;
  expect(threefry2x32(ones, ones, ones, ones)).toEqual([0x1cb996fc, 0xbb002be7]);
  expect(threefry2x32(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
});

test('uniform01 takes the upper 24 bits: exact in float32, below 1', () => {
  expect(uniform01(0)).toBe(0);
  expect(uniform01(0xff)).toBe(0);
  expect(uniform01(0x100)).toBe(2 ** -24);
  expect(uniform01(0xffffffff)).toBe(1 - 2 ** -24);
  expect(Math.fround(uniform01(0xffffffff))).toBe(uniform01(0xffffffff));
});
