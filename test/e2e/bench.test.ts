import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basin, inFolder } from './basin.ts';

interface Timing {
  readonly key: string;
  readonly wrong: boolean;
  readonly dispatches: number;
  readonly gpuErrors: readonly string[];
}

test('bench step without peers: right losses, at most 10 dispatches a step, a labelled software adapter', async () => {
  await inFolder(async (folder) => {
    const args = ['bench', 'step', '--runtime', 'node', '--no-peers', '--rounds', '1', '--out', 'bench.json'];
    const { stdout, stderr, exitCode } = await basin(args, folder);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/software/i);
    const { runs } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
    const cases: { case: { key: string }; timings: Timing[] }[] = runs[0].cases;
    expect(cases.map(({ case: { key } }) => key)).toEqual(['MLP step B=64', 'MLP step B=512']);
    for (const { timings } of cases) {
      expect(timings.filter(({ wrong, gpuErrors }) => wrong || gpuErrors.length > 0)).toEqual([]);
      for (const key of ['basin', 'basin-train']) {
        const timing = timings.find((t) => t.key === key)!;
        expect(timing.dispatches).toBeLessThanOrEqual(10);
      }
    }
  });
});

test('bench peers without peers: every case right, a case that is not known refused with the list', async () => {
  await inFolder(async (folder) => {
    const common = ['bench', 'peers', '--runtime', 'node', '--no-peers', '--rounds', '1'];
    const { stdout, stderr, exitCode } = await basin([...common, '--out', 'bench.json'], folder);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/sum of 4194304/);
    const { runs } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
    const timings: Timing[] = runs[0].cases.flatMap((c: { timings: Timing[] }) => c.timings);
    expect(timings.length).toBeGreaterThanOrEqual(12);
    expect(timings.filter(({ wrong, gpuErrors }) => wrong !== false || gpuErrors.length > 0)).toEqual([]);

    const refused = await basin([...common, '--only', 'fft'], folder);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/fft.*matmul NN 256×256×256/);
  });
});
