import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundVerdict } from '../../src/experiments/boundVerdict.ts';
import { decide } from '../../src/experiments/verdict/decide.ts';
import { judgeEffects } from '../../src/experiments/verdict/judgeEffects.ts';
import { largestP, tailOfInterval } from '../../src/experiments/verdict/tailOfInterval.ts';
import { holm } from '../../src/measure/statistics/holm.ts';
import { studentQuantile } from '../../src/measure/statistics/studentQuantile.ts';
import { studentTail } from '../../src/measure/statistics/studentTail.ts';
import { unitsForPower } from '../../src/measure/statistics/unitsForPower.ts';
import { normal } from '../../src/random/normal.ts';
import { biasClaim } from './toyClaim.ts';

const rise = (values: readonly (number | null)[], margin: [number | null, number | null] = [0.2, null]) => ({
  name: 'rise',
  values,
  margin,
});

describe('the verdict function of all claims', () => {
  test('asks that an interval lie within its margin, and refutes where it lies outside', () => {
    const verdicts = [
      [0.5, 0.52, 0.48],
      [0, 0.02, -0.02],
      [0.5, -0.2, 0.4],
    ].map((values) => judgeEffects([rise(values)]).verdict);
    expect(verdicts).toEqual(['reproduced', 'not reproduced', 'inconclusive']);
  });

  test('is inconclusive where a unit has no value, or there is but one', () => {
    expect(judgeEffects([rise([0.5, 0.51, null, 0.49])])).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('1 of 4 units without a value'),
      p: null,
    });
    expect(judgeEffects([rise([0.5])])).toMatchObject({ verdict: 'inconclusive', p: null });
  });

  test('tests no effect by two one-sided tests', () => {
    const same = judgeEffects([rise([0.01, -0.01, 0.02, -0.02], [-0.1, 0.1])]);
    expect(same.verdict).toBe('reproduced');
    const [low, high] = same.statistics[0]!.interval;
    expect([low, high]).toEqual([expect.closeTo(-high!, 10), expect.closeTo(0.02905, 4)]);
    // The distance to either end in standard errors, against Student's tail.
    const stderr = Math.sqrt((2 * 0.01 ** 2 + 2 * 0.02 ** 2) / 3 / 4);
    expect(same.p).toBeCloseTo(studentTail(0.1 / stderr, 3), 12);
  });

  test('takes ratios by their logarithms', () => {
    const { statistics, verdict } = judgeEffects([
      { name: 'ratio', values: [2, 8], margin: [1e-9, 1e9], scale: 'log' },
    ]);
    expect(statistics[0]!.value).toBeCloseTo(4, 10);
    const [low, high] = statistics[0]!.interval;
    expect(low! * high!).toBeCloseTo(16, 6);
    expect(verdict).toBe('reproduced');
  });

  test('says nothing of units that are alike to the last bit but whether they are within', () => {
    expect(judgeEffects([rise([1, 1, 1], [1, 1])])).toMatchObject({ verdict: 'reproduced', p: 0 });
    expect(judgeEffects([rise([2, 2, 2], [1, 1])])).toMatchObject({ verdict: 'not reproduced', p: 1 });
  });

  test('of no effect with a margin is refused', () => {
    expect(() => judgeEffects([{ ...rise([1, 2]), margin: null }])).toThrow('no effect has a margin');
  });

  test('errs by no more than it says: of effects at the end of the margin a fortieth is reproduced', () => {
    const trials = 4000;
    const found = Array.from({ length: trials }, (_, trial) =>
      judgeEffects([rise(Array.from({ length: 5 }, (_, u) => 0.2 + normal(trial, 3, u, 0)))]),
    ).filter(({ verdict }) => verdict === 'reproduced').length;
    // Binomial, four standard deviations either way.
    expect(Math.abs(found / trials - 0.025)).toBeLessThan(4 * Math.sqrt((0.025 * 0.975) / trials));
  });
});

test('an interval has the p of the units that it came from', () => {
  const values = [1.2, 1.4, 1.1, 1.6];
  for (const scale of ['linear', 'log'] as const) {
    const { statistics, p } = judgeEffects([{ name: 'ratio', values, margin: [1, 2], scale }]);
    expect(tailOfInterval(statistics[0]!, [1, 2], values.length - 1, scale)).toBeCloseTo(p!, 10);
    expect(largestP(statistics)).toBe(p);
  }
  expect(tailOfInterval({ value: 1, interval: [null, 2] }, [0, null], 3)).toBeNull();
  expect(largestP([{ p: 0.1 }, {}])).toBeNull();
});

describe('a decision', () => {
  const fine = { effects: [rise([0.5, 0.52, 0.48])], controls: [], planted: [], variants: [] };

  test('is taken back where the control is reproduced as well', () => {
    const control = { name: 'same cause', removes: 'nothing is removed', effects: fine.effects };
    expect(decide({ ...fine, controls: [control] })).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('the control is reproduced as well: same cause'),
    });
  });

  test('is taken back where planted evidence is not found, or the table is not survived', () => {
    const unseen = { name: 'a rise', expected: 'reproduced', found: 'inconclusive', holds: false };
    expect(decide({ ...fine, planted: [unseen] }).verdict).toBe('inconclusive');
    const lost = { name: 'tolerance 2 %', effects: [rise([0.1, 0.12, 0.08])] };
    const kept = { name: 'tolerance 5 %', effects: [rise([0.3, 0.32, 0.28])] };
    expect(decide({ ...fine, variants: [kept] }).verdict).toBe('reproduced');
    expect(decide({ ...fine, variants: [kept, lost] })).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('does not survive the table: tolerance 2 %'),
    });
  });
});

describe('a claim', () => {
  const { standard, quick } = biasClaim.presets;
  const measured = async (protocol: typeof standard) =>
    Promise.all(
      biasClaim.cells(protocol).map(async (cell) => {
        const running = biasClaim.run(null as never, cell, null as never);
        for (;;) {
          const next = await running.next();
          if (next.done) return { cell, evidence: next.value };
        }
      }),
    );

  test('is judged with its control, its planted cases and its table', async () => {
    const outcome = biasClaim.judge(await measured(standard), standard);
    expect(outcome.verdict).toBe('reproduced');
    expect(outcome.controls).toMatchObject([{ holds: true, expected: 'not reproduced' }]);
    expect(outcome.planted).toMatchObject([
      { name: 'a bias of 0.5', found: 'reproduced in 5 of 5', holds: true },
      { name: 'no bias', holds: true },
    ]);
    expect(outcome.sensitivity).toMatchObject([{ name: 'margin 0.3', verdict: 'reproduced' }]);
    expect(biasClaim.figure(outcome).panels).toMatchObject([{ title: 'mean' }]);
  });

  test('of a quick run, of pilots’ seeds or of another protocol is at most consistent', async () => {
    const outcome = biasClaim.judge(await measured(standard), standard);
    for (const [preset, changed, seed] of [
      ['quick', [], 0],
      ['standard', [], 999],
      ['standard', ['tosses'], 1000],
    ] as const) {
      const bound = boundVerdict(outcome, preset, changed, seed);
      expect(bound.verdict).toBe('inconclusive');
      expect(bound.reason).toMatch(/^consistent with the claim, but/);
    }
    expect(boundVerdict(outcome, 'standard', [], 1000).verdict).toBe('reproduced');
    expect(biasClaim.judge(await measured(quick), quick).statistics[0]!.units).toBe(2);
  });
});

describe('p-values', () => {
  test('of Student’s distribution are those of tables', () => {
    expect(studentTail(2.571, 5)).toBeCloseTo(0.025, 4);
    expect(studentTail(-1.812, 10)).toBeCloseTo(0.95, 4);
    expect(studentTail(0, 3)).toBe(0.5);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (freedom, share) => {
          expect(studentTail(studentQuantile(freedom, share), freedom)).toBeCloseTo((1 - share) / 2, 9);
        },
      ),
    );
  });

  test('are adjusted by Holm in their order, and missing ones count for none', () => {
    expect(holm([0.01, null, 0.04, 0.03])).toEqual([0.03, null, 0.06, 0.06]);
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  test('say how many units a pilot asks for', () => {
    // One standard deviation away: n = 10 has a power of 0.80 by the non-central t (G*Power: 0.803).
    expect(unitsForPower(1, 1)).toBeGreaterThanOrEqual(10);
    expect(unitsForPower(1, 1)).toBeLessThanOrEqual(11);
    expect(unitsForPower(1, 10)).toBe(3);
    expect(() => unitsForPower(1, 0)).toThrow('distance to the margin: 0');
  });
});
