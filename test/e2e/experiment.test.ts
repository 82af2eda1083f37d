import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClaimDetail } from '../../src/experiments/claim.ts';
import type { Outcome } from '../../src/experiments/experiment.ts';
import type { ExperimentResult } from '../../src/experiments/experimentResult.ts';
import type { OptimalStepOutcome } from '../../src/experiments/mccandlish/optimalStep/judgeOptimalStep.ts';
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

test('experiment critical-batch: a claim of a study, refused where a window is no multiple of its batches', async () => {
  await inFolder(async (folder) => {
    const command = [
      'experiment',
      'critical-batch',
      '--data',
      DATA,
      '--examples',
      '256',
      '--evaluated',
      '64',
    ];
    command.push(
      '--snapshots',
      '2,20',
      '--factors',
      '1,4,16',
      '--orders',
      '2',
      '--units',
      '2',
      '--seed',
      '0',
    );
    const ended = await basin([...command, '--windows', '128,256', '--out', 'a.json'], folder);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const { experiment, outcome } = readResult<ClaimDetail>(folder, 'a.json');
    expect(experiment).toMatchObject({ id: 'critical-batch', version: 2 });
    expect(outcome.verdict).toBe('inconclusive');
    expect(outcome.effects![0]!.values).toHaveLength(2);
    expect(outcome.planted.map(({ holds }) => holds)).toEqual([true, true]);
    expect(outcome.sensitivity).toHaveLength(2);
    expect(ended.stdout).toContain('verdict: inconclusive');

    const refused = await basin([...command, '--windows', '128,300'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/windows: has 300 examples, expected a multiple of the batch of 16/);
  });
});
