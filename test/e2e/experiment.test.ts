import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CriticalBatchResult } from '../../src/jobs/experiments/criticalBatchJob.ts';
import type { OptimalStepResult } from '../../src/jobs/experiments/optimalStepJob.ts';
import { basin, inFolder } from './basin.ts';

const DATA = 'gaussian-clusters?examples=600&test=0&classes=4&dims=8';
const VERDICTS = ['pass', 'fail', 'inconclusive'];

test('experiment optimal-step: a table, a verdict, and JSON that says the same, twice alike', async () => {
  await inFolder(async (folder) => {
    const command = ['experiment', 'optimal-step', '--data', DATA, '--examples', '70', '--draws', '3'];
    const ended = await basin([...command, '--out', 'a.json'], folder);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const result = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as OptimalStepResult;
    expect(result.protocol).toMatchObject({
      data: DATA,
      examples: 70,
      draws: 3,
      checkpoints: [100, 500, 1500],
    });
    expect(result.checkpoints.map(({ step }) => step)).toEqual([100, 500, 1500]);
    expect(VERDICTS).toContain(result.verdict);
    expect(ended.stdout).toContain(`verdict: ${result.verdict}\n`);
    for (const { rows, fitted, epsMaxRatio, predicted } of result.checkpoints) {
      expect(rows).toHaveLength(8);
      expect(epsMaxRatio.value).toBeCloseTo(fitted!.epsMax / predicted.epsMax, 9);
      expect(epsMaxRatio.interval[0]).toBeLessThanOrEqual(epsMaxRatio.value);
      for (const { changes, predictedRate, predictedBreakEven } of rows) {
        expect(changes).toHaveLength(13);
        expect(predictedBreakEven).toBeCloseTo(2 * predictedRate, 12);
      }
    }
    const again = await basin([...command, '--out', 'b.json'], folder);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(readFileSync(join(folder, 'b.json'), 'utf8')).toBe(readFileSync(join(folder, 'a.json'), 'utf8'));

    const refused = await basin(['experiment', 'optimal-step', '--data', DATA, '--examples', '601'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/it has 600, expected at least 601/);
  });
});

test('experiment critical-batch: three numbers at each snapshot, and a verdict', async () => {
  await inFolder(async (folder) => {
    const command = ['experiment', 'critical-batch', '--data', DATA, '--examples', '64'];
    const ended = await basin([...command, '--window', '1536', '--seeds', '2', '--out', 'a.json'], folder);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const result = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as CriticalBatchResult;
    expect(result.snapshots.map(({ step }) => step)).toEqual([1, 400, 4000]);
    for (const { branches, batchSize, factor, bSimple } of result.snapshots) {
      expect(branches.map((branch) => branch.factor)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
      expect(branches.every(({ losses }) => losses.length === 2)).toBe(true);
      expect(batchSize).toBe(8 * factor);
      expect(bSimple).toBeGreaterThan(0);
    }
    // The control differs from the last snapshot in its seeds alone.
    const last = result.snapshots.at(-1)!;
    expect(result.control.branches.map((branch) => branch.factor)).toEqual(
      last.branches.map((branch) => branch.factor),
    );
    expect(result.control.branches[0]!.losses).not.toEqual(last.branches[0]!.losses);
    expect(result.control.doublings.value).toBeCloseTo(Math.log2(result.control.factor / last.factor), 12);
    expect(VERDICTS).toContain(result.verdict);
    expect(ended.stdout).toContain(`verdict: ${result.verdict}\n`);

    const refused = await basin([...command, '--window', '1000'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/window: is 1000 examples, expected a multiple of the batch of 16/);
  });
});
