import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PartTiming } from '../../src/cli/bench/timeTask.ts';
import { basin, inFolder } from './basin.ts';
import type { Timing } from './benchTiming.ts';

test('bench peers without peers: the cases that are named, and right; one that is not known refused with the list', async () => {
  await inFolder(async (folder) => {
    const common = ['bench', 'peers', '--runtime', 'node', '--no-peers', '--rounds', '1'];
    const only = ['sum of 4194304', 'matmul NN 256'];
    const { stdout, stderr, exitCode } = await basin(
      [...common, '--only', ...only, '--out', 'bench.json'],
      folder,
    );
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/software/i);
    const { runs } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
    const cases: { case: { key: string }; timings: Timing[] }[] = runs[0].cases;
    expect(cases.map(({ case: { key } }) => key).sort()).toEqual(['matmul NN 256×256×256', 'sum of 4194304']);
    for (const { timings } of cases) {
      expect(timings.length).toBeGreaterThan(0);
      expect(timings.filter(({ wrong, gpuErrors }) => wrong !== false || gpuErrors?.length)).toEqual([]);
    }

    const refused = await basin([...common, '--only', 'fft'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/fft.*matmul NN 256×256×256/);
  });
});

test('bench task without peers: right numbers, every buffer freed; a batch without a variance refused', async () => {
  await inFolder(async (folder) => {
    const common = ['bench', 'task', '--runtime', 'node', '--no-peers', '--rounds', '1', '--cold', '1'];
    const args = [...common, '--batch', '8', '--out', 'task.json'];
    const { stdout, stderr, exitCode } = await basin(args, folder);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/software/i);
    const { runs } = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8'));
    const [{ batch, timings }] = runs[0].batches;
    expect(batch).toBe(8);
    const [{ key, parts, leftBytes, peakBytes }] = timings;
    expect(key).toBe('basin');
    for (const { wrong, error, samples } of Object.values(parts) as PartTiming[]) {
      expect(wrong).toBe(false);
      expect(error).toBeGreaterThan(0);
      expect(samples.length).toBe(1);
    }
    // The parameters alone are 101,770 floats.
    expect(peakBytes).toBeGreaterThan(4 * 101_770);
    expect(leftBytes).toBe(0);
    expect(runs[0].lines.basin).toBeGreaterThan(10);

    const refused = await basin([...common, '--batch', '1'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/--batch.*found 1, expected at least 2/);
  });
});
