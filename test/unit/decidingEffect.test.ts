import { expect, test } from 'vitest';
import { decidingEffect } from '../../src/experiments/reproduction/decidingEffect.ts';
import type { EffectResult } from '../../src/experiments/reproduction/results.ts';

const effect = (
  name: string,
  p: number | null,
  margin: EffectResult['margin'] = [1, null],
): EffectResult => ({
  name,
  estimate: 2,
  interval: [1.5, 2.5],
  margin,
  units: 4,
  p,
});
const named = (...statistics: EffectResult[]): string | undefined =>
  decidingEffect({ statistic: statistics[0] ?? null, statistics })?.name;

test('the effect that decides a claim is the one least surely within its margin', () => {
  expect(named(effect('a', 0.001), effect('b', 0.4), effect('c', 0.2))).toBe('b');
  expect(named(effect('a', 0.3), effect('b', null), effect('c', 0.9))).toBe('b');
  // What is told beside decides nothing.
  expect(named(effect('a', 0.3), effect('b', null, null))).toBe('a');
  expect(named(effect('a', null, null))).toBe('a');
  expect(named(effect('a', 0.3), effect('b', 0.3))).toBe('a');
  expect(named()).toBeUndefined();
});
