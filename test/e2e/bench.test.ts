import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
