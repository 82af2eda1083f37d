import { describe, expect, it } from 'vitest';
import { noiseScaleInterval } from '../../src/measure/statistics/noiseScaleInterval.ts';
import { studentQuantile } from '../../src/measure/statistics/studentQuantile.ts';

describe('studentQuantile', () => {
  it.each([
    [1, 0.95, 12.706204736432095],
    [2, 0.95, 4.302652729911275],
    [3, 0.95, 3.182446305284263],
    [7, 0.95, 2.3646242510102993],
    [15, 0.95, 2.131449545559323],
    [30, 0.99, 2.7499956535672174],
    [100, 0.95, 1.983971518523552],
  ])('of %i degrees of freedom at %f is as tables have it', (freedom, share, expected) => {
    expect(studentQuantile(freedom, share) / expected).toBeCloseTo(1, 8);
  });

  it('tends to the normal quantile, and rounds a fraction down', () => {
    expect(studentQuantile(1e9)).toBeCloseTo(1.96, 3);
    expect(studentQuantile(7.9)).toBe(studentQuantile(7));
  });

  it('refuses less than one degree of freedom', () => {
    expect(() => studentQuantile(0.5)).toThrow('degrees of freedom: 0.5, expected at least 1');
    expect(() => studentQuantile(3, 1)).toThrow('share: 1');
  });
});

describe('noiseScaleInterval', () => {
  const reach = studentQuantile(15);

  it('inverts the interval of 1/B where it lies above 0', () => {
    const { interval, resolved } = noiseScaleInterval(0.01, 0.001, 15)!;
    expect(resolved).toBe(true);
    expect(interval[0]).toBeCloseTo(1 / (0.01 + reach * 0.001), 10);
    expect(interval[1]).toBeCloseTo(1 / (0.01 - reach * 0.001), 10);
  });

  it('is open at infinity where that of 1/B reaches 0', () => {
    const { interval, resolved } = noiseScaleInterval(0.01, 0.01, 15)!;
    expect(resolved).toBe(false);
    expect(interval[0]).toBeCloseTo(1 / (0.01 + reach * 0.01), 10);
    expect(interval[1]).toBeNull();
  });

  it('holds no finite value where 1/B is below 0 by more than its error', () => {
    expect(noiseScaleInterval(-0.01, 0.001, 15)).toEqual({ interval: [null, null], resolved: false });
  });

  it('is null without a standard error', () => {
    expect(noiseScaleInterval(0.01, null, 15)).toBeNull();
  });
});
