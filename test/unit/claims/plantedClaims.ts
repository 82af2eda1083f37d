import { expect, test } from 'vitest';
import type { Experiment, Truth } from '../../../src/experiments/experiment.ts';
import { checkedEvidence } from '../../../src/experiments/keptCell.ts';

const SEEDS = 40;

/** Share of planted cases that are reproduced. */
function reproducedShare(experiment: Experiment, truth: Truth): number {
  const { standard } = experiment.presets;
  const verdicts = Array.from({ length: SEEDS }, (_, seed) =>
    experiment.verdictOf!(experiment.plant!(truth, standard, seed), standard),
  );
  return verdicts.filter((verdict) => verdict === 'reproduced').length / SEEDS;
}

/** What a claim whose units lie side by side in cells must do with evidence of known truth. */
export function testPlantedClaim(experiment: Experiment): void {
  const { standard, quick } = experiment.presets;

  test('reproduces planted effects, and no planted null', { timeout: 60_000 }, () => {
    // 5 % and 80 %, with three standard deviations of the binomial.
    const reach = (share: number): number => 3 * Math.sqrt((share * (1 - share)) / SEEDS);
    expect(reproducedShare(experiment, 'null')).toBeLessThanOrEqual(0.05 + reach(0.05));
    expect(reproducedShare(experiment, 'effect')).toBeGreaterThanOrEqual(0.8 - reach(0.8));
  });

  test('reproduces its planted effect and not its controls, from evidence as a file has it', () => {
    const planted = experiment.plant!('effect', standard, 7);
    for (const { evidence } of planted) {
      expect(checkedEvidence(experiment, evidence)).toEqual({
        evidence: JSON.parse(JSON.stringify(evidence)),
      });
    }
    const outcome = experiment.judge(planted, standard);
    expect(outcome.verdict, outcome.reason).toBe('reproduced');
    expect(outcome.planted.map(({ holds }) => holds)).toEqual([true, true]);
    expect(outcome.controls.length).toBeGreaterThan(0);
    expect(outcome.controls.filter(({ holds }) => !holds)).toEqual([]);
    const gating = outcome.statistics.filter(({ margin }) => margin !== null);
    expect(experiment.figure(outcome).panels.length).toBeGreaterThan(gating.length);
    const few = experiment.judge(experiment.plant!('effect', quick, 3), quick);
    expect(experiment.figure(few).panels.length).toBeGreaterThan(1);
  });

  test('has seeds of its own for each preset, and cells that differ', () => {
    expect([quick.seed, standard.seed]).toEqual([0, 1000]);
    const cells = experiment.cells(standard);
    expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(cells.length);
    for (const cell of cells) expect(experiment.cost!(cell).seconds).toBeGreaterThan(0);
  });
}
