import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CriticalBatchOutcome } from '../../src/experiments/criticalBatch/summariseCriticalBatch.ts';
import type { Outcome } from '../../src/experiments/experiment.ts';
import type { OptimalStepOutcome } from '../../src/experiments/optimalStep/judgeOptimalStep.ts';
import type { ExperimentResult } from '../../src/experiments/experimentResult.ts';
import { basin, inFolder } from './basin.ts';

const DATA = 'gaussian-clusters?examples=600&test=0&classes=4&dims=8';

type Result<Detail> = ExperimentResult & { readonly outcome: Outcome<Detail> };
function readResult<Detail>(folder: string, file: string): Result<Detail> {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

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
    const { experiment, preset, protocol, outcome, cells } = readResult<OptimalStepOutcome>(folder, 'a.json');
    expect(experiment).toMatchObject({ id: 'optimal-step', version: 2 });
    expect(preset).toBe('standard');
    expect(protocol).toMatchObject({ data: DATA, examples: 70, draws: 3, seed: 1000, batchSize: 64 });
    const { detail, verdict } = outcome;
    expect(detail.steps.map(({ step }) => step)).toEqual([20, 60]);
    expect(detail.controls.swapped).toHaveLength(1);
    // The protocol is not the preset's.
    expect(verdict).toBe('inconclusive');
    expect(ended.stdout).toContain(`verdict: ${verdict}\nbecause ${outcome.reason}\n`);
    for (const { rows, hyperbola, epsMax, logRatios } of detail.points.flat()) {
      expect(rows).toHaveLength(9);
      expect(rows.every(({ changes }) => changes.length === 13)).toBe(true);
      if (hyperbola) expect(logRatios.epsMax).toBeCloseTo(Math.log(hyperbola.epsMax / epsMax!), 9);
    }
    // Trunks and steps have populations and mini-batches of their own.
    const changes = detail.points.flat().map(({ rows }) => String(rows[0]!.changes));
    expect(new Set(changes).size).toBe(4);

    // Stopped after two of four: the rest is measured, what there is is not, and nothing is another.
    const files = cells.map((name) => `${name}.json`);
    expect(readdirSync(join(folder, 'cells')).sort()).toEqual([...files].sort());
    rmSync(join(folder, 'cells', files[1]!));
    rmSync(join(folder, 'cells', files[3]!));
    const again = await basin([...command, '--cells', 'cells', '--out', 'b.json'], folder);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).toContain('2 of 4 cells are there already');
    expect(again.stderr).not.toContain('measuring at step 20');
    expect(readFileSync(join(folder, 'b.json'), 'utf8')).toBe(readFileSync(join(folder, 'a.json'), 'utf8'));

    writeFileSync(join(folder, 'cells', files[0]!), '{"experiment"');
    const cut = await basin([...command, '--cells', 'cells'], folder);
    expect(cut.exitCode).toBe(2);
    expect(cut.stderr).toMatch(/optimal-step-[0-9a-f]{16}\.json: cell: is not JSON/);
    const refused = await basin([...command, '--examples', '601'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/it has 600, expected at least 601/);
    const few = await basin([...command, '--trunks', '1'], folder);
    expect(few.exitCode).toBe(2);
    expect(few.stderr).toMatch(/experiment optimal-step: trunks: is 1, expected at least 2/);
  });
});

test('experiment critical-batch: three numbers at each snapshot, and that its verdict is withdrawn', async () => {
  await inFolder(async (folder) => {
    const command = ['experiment', 'critical-batch', '--data', DATA, '--examples', '64'];
    command.push('--snapshots', '1,40,400');
    const ended = await basin([...command, '--window', '1536', '--seeds', '2', '--out', 'a.json'], folder);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const { experiment, outcome } = readResult<CriticalBatchOutcome>(folder, 'a.json');
    const { detail, verdict } = outcome;
    expect(detail.snapshots.map(({ step }) => step)).toEqual([1, 40, 400]);
    for (const { branches, batchSize, factor, bSimple } of detail.snapshots) {
      expect(branches.map((branch) => branch.factor)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
      expect(branches.every(({ losses }) => losses.length === 2)).toBe(true);
      expect(batchSize).toBe(8 * factor);
      expect(Number.isFinite(bSimple)).toBe(true);
    }
    // The control differs from the last snapshot in its seeds alone.
    const last = detail.snapshots.at(-1)!;
    expect(detail.control.branches.map((branch) => branch.factor)).toEqual(
      last.branches.map((branch) => branch.factor),
    );
    expect(detail.control.branches[0]!.losses).not.toEqual(last.branches[0]!.losses);
    expect(detail.control.doublings.value).toBeCloseTo(detail.control.logFactor - last.logFactor, 12);
    expect(verdict).toBe('withdrawn');
    expect(experiment.withdrawn).toBe(outcome.reason);
    expect(ended.stdout).toContain('verdict: withdrawn\nbecause the tolerance is absolute');
    expect(ended.stdout).not.toMatch(/pass\b|reproduced/i);

    const refused = await basin([...command, '--window', '1000'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/window: is 1000 examples, expected a multiple of the batch of 16/);
  });
});
