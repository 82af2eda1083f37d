import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTable } from '../../src/tuning/tunedTable.ts';
import type { TuneResult } from '../../src/tuning/tuneJob.ts';
import { basin, inFolder } from './basin.ts';

interface Result {
  losses: number[];
  kernels: { matmul: Record<string, string> };
  readonly job: object;
  readonly date: string;
}

/** A layer of 64 inputs and 10 outputs: its forward product is the one that is tuned. */
const TRAIN = {
  model: { hidden: [] },
  data: 'gaussian-clusters?examples=256&classes=10&dims=64',
  batch_size: 64,
  steps: 3,
  optimizer: { lr: 0.1 },
};
const FORWARD = 'NT m=64 n=10 k=64 bias';

test('what is tuned is kept, explained, taken by runs and recorded by them; a record outlives it', async () => {
  await inFolder(async (folder) => {
    const env = { BASIN_KERNELS: '', XDG_CACHE_HOME: join(folder, 'cache') };
    const cache = join(folder, 'cache', 'basin', 'kernels.json');
    const tune = (...args: string[]) => basin(['tune', ...args], folder, env);
    const train = async (spec: object): Promise<Result> => {
      writeFileSync(join(folder, 'train.json'), JSON.stringify({ ...TRAIN, ...spec }));
      const ended = await basin(
        ['train', 'train.json', '--runtime', 'browser', '--out', 'result.json'],
        folder,
        env,
      );
      expect(ended.exitCode, ended.stderr).toBe(0);
      return JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
    };

    const dry = await tune(
      '--runtime',
      'browser',
      '--shapes',
      'NT:64x10x64',
      '--no-save',
      '--json',
      'times.json',
    );
    expect(dry.exitCode, dry.stderr).toBe(0);
    expect(existsSync(cache)).toBe(false);
    const { software, entries } = JSON.parse(readFileSync(join(folder, 'times.json'), 'utf8')) as TuneResult;
    expect(entries).toHaveLength(1);
    expect(entries[0]!.excluded).toEqual({});
    if (software) expect(dry.stdout).toContain('(a software adapter)');

    const first = await tune('--runtime', 'browser', '--shapes', 'NT:64x10x64');
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stdout).toContain('NT m=64 n=10 k=64');
    const table = parseTable(JSON.parse(readFileSync(cache, 'utf8')));
    const [kept] = table.devices[0]!.entries;
    expect(kept!.family).toBe('matmul');
    const explained = await tune('--explain');
    expect(explained.exitCode, explained.stderr).toBe(0);
    for (const text of [
      table.devices[0]!.device.engine,
      kept!.variant,
      kept!.date,
      'shipped with this version',
    ]) {
      expect(explained.stdout).toContain(text);
    }
    expect((await train({})).kernels.matmul[FORWARD]).toBe(kept!.variant);

    // A choice that no clock decides.
    kept!.variant = 'tiles 2×2';
    writeFileSync(cache, JSON.stringify(table));
    const tuned = await train({});
    expect(tuned.kernels.matmul[FORWARD]).toBe('tiles 2×2');
    expect((await tune('--clear')).exitCode).toBe(0);
    expect(existsSync(cache)).toBe(false);
    const again = await train({ kernels: tuned.kernels });
    expect(again).toEqual({ ...tuned, date: again.date, job: { ...tuned.job, kernels: tuned.kernels } });

    writeFileSync(join(folder, 'train.json'), JSON.stringify(TRAIN));
    writeFileSync(
      join(folder, 'other.json'),
      JSON.stringify({ kernels: { matmul: { [FORWARD]: 'no such' } } }),
    );
    const refused = await basin(
      ['train', 'train.json', '--kernels', 'other.json', '--runtime', 'browser'],
      folder,
      env,
    );
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(
      /kernels: matmul\.NT m=64 n=10 k=64 bias: the variant "no such" is not among/,
    );
  });
});

test('a cache that cannot be read is ignored, and told in one line', async () => {
  await inFolder(async (folder) => {
    mkdirSync(join(folder, 'cache', 'basin'), { recursive: true });
    writeFileSync(join(folder, 'cache', 'basin', 'kernels.json'), '{ "format": "basin ker');
    writeFileSync(join(folder, 'train.json'), JSON.stringify(TRAIN));
    const env = { BASIN_KERNELS: '', XDG_CACHE_HOME: join(folder, 'cache') };
    const ended = await basin(['train', 'train.json'], folder, env);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr.match(/kernels\.json is ignored/g)).toHaveLength(1);
    expect((JSON.parse(ended.stdout) as Result).losses).toHaveLength(3);
  });
});

test('--data and --batch-size go with a model', async () => {
  await inFolder(async (folder) => {
    const ended = await basin(['tune', '--batch-size', '8'], folder);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('--batch-size: belongs to --model');
  });
});
