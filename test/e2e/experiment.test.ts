import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CriticalBatchResult } from '../../src/jobs/experiments/criticalBatchJob.ts';
import type { OptimalStepResult } from '../../src/jobs/experiments/optimalStepJob.ts';
import { basin, inFolder } from './basin.ts';

const DATA = 'gaussian-clusters?examples=600&test=0&classes=4&dims=8';
const VERDICTS = ['pass', 'within tolerance; model rejected', 'fail', 'inconclusive'];

test('experiment optimal-step: tables, a verdict, JSON that says the same; what is kept is not measured again', async () => {
  await inFolder(async (folder) => {
    const size = [
      '--examples',
      '70',
      '--draws',
      '3',
      '--probes',
      '2',
      '--trunks',
      '2',
      '--checkpoints',
      '20,60',
    ];
    const command = ['experiment', 'optimal-step', '--data', DATA, '--hidden', '8', ...size];
    const ended = await basin([...command, '--cells', 'cells', '--out', 'a.json'], folder);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const result = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as OptimalStepResult;
    expect(result).toMatchObject({
      version: 2,
      protocol: { data: DATA, examples: 70, draws: 3, seed: 1000 },
    });
    expect(result.steps.map(({ step }) => step)).toEqual([20, 60]);
    expect(result.controls.swapped).toHaveLength(1);
    expect(VERDICTS).toContain(result.verdict);
    expect(ended.stdout).toContain(`verdict: ${result.verdict}\n`);
    for (const { rows, hyperbola, epsMax, logRatios } of result.points.flat()) {
      expect(rows).toHaveLength(9);
      expect(rows.every(({ changes }) => changes.length === 13)).toBe(true);
      if (hyperbola) expect(logRatios.epsMax).toBeCloseTo(Math.log(hyperbola.epsMax / epsMax!), 9);
    }
    // Trunks and steps have populations and mini-batches of their own.
    const changes = result.points.flat().map(({ rows }) => String(rows[0]!.changes));
    expect(new Set(changes).size).toBe(4);

    // Stopped after two of four: the rest is measured, what there is is not, and nothing is another.
    const cells = readdirSync(join(folder, 'cells')).sort();
    expect(cells).toEqual([
      'trunk-1000-step-20.json',
      'trunk-1000-step-60.json',
      'trunk-1001-step-20.json',
      'trunk-1001-step-60.json',
    ]);
    rmSync(join(folder, 'cells', cells[1]!));
    rmSync(join(folder, 'cells', cells[3]!));
    const again = await basin([...command, '--cells', 'cells', '--out', 'b.json'], folder);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).not.toContain('measuring at step 20');
    expect(readFileSync(join(folder, 'b.json'), 'utf8')).toBe(readFileSync(join(folder, 'a.json'), 'utf8'));

    const other = await basin([...command, '--draws', '4', '--cells', 'cells'], folder);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toMatch(
      /trunk-1000-step-20\.json: its protocol is .*"draws":3.*expected .*"draws":4/,
    );
    writeFileSync(join(folder, 'cells', cells[0]!), '{"experiment"');
    const cut = await basin([...command, '--cells', 'cells'], folder);
    expect(cut.exitCode).toBe(2);
    expect(cut.stderr).toMatch(/trunk-1000-step-20\.json: --cells: cannot be read/);
    const refused = await basin([...command, '--examples', '601'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/it has 600, expected at least 601/);
  });
});

test('experiment critical-batch: three numbers at each snapshot, and that its verdict is withdrawn', async () => {
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
      expect(Number.isFinite(bSimple)).toBe(true);
    }
    // The control differs from the last snapshot in its seeds alone.
    const last = result.snapshots.at(-1)!;
    expect(result.control.branches.map((branch) => branch.factor)).toEqual(
      last.branches.map((branch) => branch.factor),
    );
    expect(result.control.branches[0]!.losses).not.toEqual(last.branches[0]!.losses);
    expect(result.control.doublings.value).toBeCloseTo(result.control.logFactor - last.logFactor, 12);
    expect(result.verdict).toBe('withdrawn');
    expect(ended.stdout).toContain('verdict: withdrawn: the tolerance is absolute');
    expect(ended.stdout).not.toMatch(/pass\b/i);

    const refused = await basin([...command, '--window', '1000'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/window: is 1000 examples, expected a multiple of the batch of 16/);
  });
});
