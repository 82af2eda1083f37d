import { expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { checkedEvidence } from '../../../src/experiments/keptCell.ts';

/** Planted cases of each kind; `basin reproduce --planted 200` judges more. */
const CASES = 40;

/** How likely a claim may fail here that is as good as it must be: of a rate that it has exactly. */
const SLACK = 3;

/**
 * What every claim must do with evidence of known truth, and what of it can be told without a device.
 * @param cellPerUnit false where units lie side by side in cells
 */
export function testPlantedCases(
  claim: Experiment,
  { cellPerUnit = true }: { readonly cellPerUnit?: boolean } = {},
): void {
  const { standard, quick } = claim.presets;
  const share = (truth: 'effect' | 'null'): number =>
    Array.from({ length: CASES }, (_, seed) =>
      claim.verdictOf!(claim.plant!(truth, standard, seed), standard),
    ).filter((verdict) => verdict === 'reproduced').length / CASES;

  test('finds planted effects, and no planted null', { timeout: 60_000 }, () => {
    expect(share('effect')).toBeGreaterThan(0.8 - SLACK * Math.sqrt((0.8 * 0.2) / CASES));
    expect(share('null')).toBeLessThan(0.05 + SLACK * Math.sqrt((0.05 * 0.95) / CASES));
  });

  test('holds its planted cases and its controls on planted evidence', () => {
    // One of those in which the effect is found: its power is less than one.
    const planted = [7, 8, 9, 10, 11].map((seed) => claim.plant!('effect', standard, seed));
    const found = planted.find((evidence) => claim.verdictOf!(evidence, standard) === 'reproduced');
    const outcome = claim.judge(found!, standard);
    expect(outcome.planted.map(({ holds }) => holds)).toEqual([true, true]);
    expect(outcome.controls.length).toBeGreaterThan(0);
    expect(outcome.controls.filter(({ holds }) => !holds)).toEqual([]);
    expect(outcome.verdict, outcome.reason).toBe('reproduced');
    expect(claim.judge(claim.plant!('null', standard, 7), standard).verdict).not.toBe('reproduced');
    const { panels } = claim.figure(outcome);
    expect(panels.length).toBeGreaterThan(outcome.statistics.filter(({ margin }) => margin).length);
    // A longer one is cut off beside a small chart.
    for (const { y } of panels) expect(y.label.length, y.label).toBeLessThanOrEqual(35);
    const few = claim.judge(claim.plant!('effect', quick, 3), quick);
    expect(claim.figure(few).panels.length).toBeGreaterThan(1);
  });

  test('has evidence that a file gives back, cells that name all of it, and seeds of their own', () => {
    for (const { cell, evidence } of claim.plant!('effect', standard, 1)) {
      expect(checkedEvidence(claim, evidence)).toEqual({ evidence: JSON.parse(JSON.stringify(evidence)) });
      expect(JSON.parse(JSON.stringify(cell))).toEqual(cell);
    }
    const cells = claim.cells(standard);
    expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(cells.length);
    expect(standard.seed).toBeGreaterThanOrEqual(1000);
    expect(quick.seed).toBe(0);
    if (!cellPerUnit) return;
    expect(cells).toHaveLength((standard as { units?: number }).units!);
    expect(claim.record!.power.units).toBe(cells.length);
    expect(claim.cells(quick).length).toBeLessThanOrEqual(3);
  });
}
