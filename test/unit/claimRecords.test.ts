import { describe, expect, test } from 'vitest';
import { ARTICLE } from '../../src/experiments/article.ts';
import { FIRST_VERDICT_SEED } from '../../src/experiments/boundVerdict.ts';
import { experiments } from '../../src/experiments/index.ts';
import { resolveProtocol } from '../../src/experiments/protocol.ts';
import { unitsForPower } from '../../src/measure/statistics/unitsForPower.ts';

const claims = experiments.map((experiment) => [experiment.id, experiment] as const);

describe('every claim', () => {
  test.each(claims)('%s has the record that a referee asks for', (_, { record, statement, source }) => {
    expect(record).toBeDefined();
    const { population, unit, prediction, refutedBy, power } = record!;
    for (const text of [statement, source, population, unit, prediction, refutedBy, power.pilot]) {
      expect(text.length).toBeGreaterThan(10);
      expect(text).not.toMatch(/PILOT|TODO/);
    }
  });

  test.each(claims)(
    '%s has the units that its pilot asks for, or says that none would help',
    (_, { record, presets }) => {
      const { scatter, distance, units, pooled } = record!.power;
      expect(scatter).toBeGreaterThanOrEqual(0);
      if (distance > 0 && scatter > 0)
        expect(units).toBeGreaterThanOrEqual(unitsForPower(scatter, distance, { pooled }));
      expect(units).toBeGreaterThanOrEqual(3);
      const { units: own, trunks, seeds } = presets.standard;
      expect(own ?? trunks ?? seeds).toBe(units);
    },
  );

  test.each(claims)(
    '%s keeps pilots’ seeds from those of its verdict, and tells what it costs',
    (_, experiment) => {
      const [quick, standard] = ['quick', 'standard'].map((preset) =>
        resolveProtocol(experiment, { preset }),
      );
      expect(quick!.seed).toBeLessThan(FIRST_VERDICT_SEED);
      expect(standard!.seed).toBeGreaterThanOrEqual(FIRST_VERDICT_SEED);
      for (const cell of [...experiment.cells(quick!), ...experiment.cells(standard!)]) {
        const { seconds, bytes } = experiment.cost!(cell);
        expect(seconds).toBeGreaterThan(0);
        expect(bytes).toBeGreaterThanOrEqual(0);
      }
    },
  );
});

test('the article’s sentences name claims that there are, and every claim answers one', () => {
  const named = ARTICLE.flatMap(({ claims: ids }) => ids);
  expect([...new Set(named)].sort()).toEqual(experiments.map(({ id }) => id).sort());
  expect(ARTICLE.length).toBeGreaterThanOrEqual(20);
});
