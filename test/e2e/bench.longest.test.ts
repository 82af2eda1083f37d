import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basin, inFolder } from './basin.ts';
import type { Timing } from './benchTiming.ts';

test('bench step without peers: right results, at most 10 dispatches a step, what curvature costs, a labelled software adapter', {
  timeout: 600_000,
}, async () => {
  await inFolder(async (folder) => {
    const args = ['bench', 'step', '--runtime', 'node', '--no-peers', '--rounds', '1', '--out', 'bench.json'];
    const { stdout, stderr, exitCode } = await basin(args, folder);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/software/i);
    const { runs } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
    const cases: { case: { key: string }; timings: Timing[] }[] = runs[0].cases;
    expect(cases.map(({ case: { key } }) => key)).toEqual([
      'MLP step B=64',
      'MLP step B=512',
      'second moments B=64',
      'Hessian product B=64',
      'CNN step B=64',
      'CNN step B=64, BatchNorm',
      'CNN second moments B=64',
      'CNN Hessian product B=64',
      'CNN evaluation of 10048 images',
    ]);
    for (const { case: timed, timings } of cases) {
      expect(timings.filter(({ wrong, gpuErrors }) => wrong || gpuErrors?.length)).toEqual([]);
      if (!timed.key.startsWith('MLP step')) continue;
      for (const key of ['basin', 'basin-train']) {
        expect(timings.find((t) => t.key === key)!.dispatches).toBeLessThanOrEqual(10);
      }
    }
    expect(stdout).toMatch(/each further vector.*(holds|MISSED)/);
    expect(stdout).toMatch(/curvlinops.*RTX A6000/);
    const { models } = runs[0].curvature;
    expect(models.map(({ wrong }: { wrong: boolean }) => wrong)).toEqual([false, false]);
    // Of the same arithmetic, so equal bits.
    for (const { agreement } of models) expect(agreement).toBeLessThan(1e-5);
  });
});

test('bench peers without peers: every case right', { timeout: 600_000 }, async () => {
  await inFolder(async (folder) => {
    const args = [
      'bench',
      'peers',
      '--runtime',
      'node',
      '--no-peers',
      '--rounds',
      '1',
      '--out',
      'bench.json',
    ];
    const { stdout, stderr, exitCode } = await basin(args, folder);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/sum of 4194304/);
    expect(stdout).toMatch(/cold start, ms .*pipelines/);
    const { runs } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
    const { basin: cold } = runs[0].cold;
    expect(cold.failed).toBeUndefined();
    expect(cold.firstProduct.median).toBeGreaterThan(cold.init.median);
    const timings: Timing[] = runs[0].cases.flatMap((c: { timings: Timing[] }) => c.timings);
    expect(timings.length).toBeGreaterThanOrEqual(12);
    expect(timings.filter(({ wrong, gpuErrors }) => wrong !== false || gpuErrors?.length)).toEqual([]);
  });
});
