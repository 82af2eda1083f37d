import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basin, inFolder } from './basin.ts';

interface Timing {
  readonly key: string;
  readonly wrong: boolean;
  readonly dispatchesPerStep: number;
  readonly gpuErrors: readonly string[];
}

test('bench step without peers: right losses, at most 10 dispatches a step, a labelled software adapter', async () => {
  await inFolder(async (folder) => {
    const args = ['bench', 'step', '--runtime', 'node', '--no-peers', '--rounds', '1', '--out', 'bench.json'];
    const { stdout, stderr, exitCode } = await basin(args, folder);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/software/i);
    const { runs } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
    for (const { batch, timings } of runs[0].batches as { batch: number; timings: Timing[] }[]) {
      expect([64, 512]).toContain(batch);
      expect(timings.filter(({ wrong, gpuErrors }) => wrong || gpuErrors.length > 0)).toEqual([]);
      for (const key of ['basin', 'basin-train']) {
        const timing = timings.find((t) => t.key === key)!;
        expect(timing.dispatchesPerStep).toBeLessThanOrEqual(10);
      }
    }
  });
});
