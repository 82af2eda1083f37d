import { expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { checkedEvidence } from '../../../src/experiments/keptCell.ts';
import { unitsForPower } from '../../../src/measure/statistics/unitsForPower.ts';

/** Planted cases of each kind; 200 are in the long tests. */
const CASES = 40;

/** How likely a claim may fail here that is as good as it must be: of a rate that it has exactly. */
const SLACK = 3;

/** What every claim must do with evidence of known truth, and what of it can be told without a device. */
export function testPlantedCases(claim: Experiment): void {
  const { standard, quick } = claim.presets;
  const share = (truth: 'effect' | 'null'): number =>
    Array.from({ length: CASES }, (_, seed) =>
      claim.verdictOf!(claim.plant!(truth, standard, seed), standard),
    ).filter((verdict) => verdict === 'reproduced').length / CASES;

  test('finds planted effects, and no planted null', () => {
    expect(share('effect')).toBeGreaterThan(0.8 - SLACK * Math.sqrt((0.8 * 0.2) / CASES));
    expect(share('null')).toBeLessThan(0.05 + SLACK * Math.sqrt((0.05 * 0.95) / CASES));
  });

  test('holds its planted cases and its controls on planted evidence', () => {
    const outcome = claim.judge(claim.plant!('effect', standard, 7), standard);
    expect(outcome.planted.map(({ holds }) => holds)).toEqual([true, true]);
    expect(outcome.controls.length).toBeGreaterThan(0);
    expect(outcome.controls.map(({ holds }) => holds)).toEqual(outcome.controls.map(() => true));
    expect(outcome.verdict).toBe('reproduced');
    expect(claim.judge(claim.plant!('null', standard, 7), standard).verdict).not.toBe('reproduced');
    const { panels } = claim.figure(outcome);
    expect(panels.length).toBeGreaterThan(outcome.statistics.filter(({ margin }) => margin).length);
  });

  test('has evidence that a file gives back, cells that name all of it, and a record', () => {
    for (const { cell, evidence } of claim.plant!('effect', standard, 1)) {
      expect(checkedEvidence(claim, evidence)).toEqual({ evidence: JSON.parse(JSON.stringify(evidence)) });
      expect(JSON.parse(JSON.stringify(cell))).toEqual(cell);
    }
    const { units } = standard as { units?: number };
    expect(claim.cells(standard)).toHaveLength(units!);
    expect(new Set(claim.cells(standard).map((cell) => JSON.stringify(cell))).size).toBe(units);
    expect(claim.cells(quick).length).toBeLessThanOrEqual(3);
    expect([standard.seed, quick.seed]).toEqual([1000, 0]);
    for (const cell of claim.cells(standard)) expect(claim.cost!(cell).seconds).toBeGreaterThan(0);
    const { power } = claim.record!;
    expect(power.units).toBe(units);
    if (power.distance > 0)
      expect(units).toBeGreaterThanOrEqual(unitsForPower(power.scatter, power.distance));
  });
}
