import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basin, type Ended, inFolder } from './basin.ts';
import { filesIn, halfFiles } from './outputFiles.ts';
import { nameOf, prepareSmallJobs, SMALL_JOBS } from './smallJobs.ts';

/** How full the disk is, in so many even steps from nothing to enough. */
const STEPS = 20;
const PAGE = 4096;

/** Does some work where `out/` is a small file system of its own. */
async function onDisk(folder: string, pages: number, work: () => Promise<void>): Promise<void> {
  const out = join(folder, 'out');
  mkdirSync(out);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${PAGE * Math.ceil(pages)}`, 'tmpfs', out]);
  try {
    await work();
  } finally {
    execFileSync('umount', [out]);
    rmSync(out, { recursive: true });
  }
}

for (const job of SMALL_JOBS) {
  test(`a disk that is full at ${STEPS} places of what it writes, ${nameOf(job)}: a named error, the old files whole`, {
    timeout: 900_000,
  }, async () => {
    await inFolder(async (folder) => {
      await prepareSmallJobs(folder);
      const out = join(folder, 'out');
      const run = (): Promise<Ended> =>
        basin([...job.args.split(' '), '--runtime', 'node'], folder, {
          TMPDIR: folder,
          ...(job.varies ? { BASIN_KERNELS: join(out, 'kernels.json') } : {}),
        });
      let reference = new Map<string, string>();
      let whole = 0;
      await onDisk(folder, 4096, async () => {
        const { exitCode, stderr } = await run();
        expect(exitCode, stderr).toBe(0);
        reference = filesIn(out);
        const pages = [...reference].map(([name]) => Math.ceil(readFileSync(join(out, name)).length / PAGE));
        // A new file stands beside the old one before it takes its place.
        whole = pages.reduce((a, b) => a + b) + Math.max(...pages);
      });
      const codes = new Set<number | null>();
      for (let step = 1; step <= STEPS; step++) {
        await onDisk(folder, (whole * step) / STEPS, async () => {
          const old = oldFiles(out, [...reference.keys()]);
          const { exitCode, stderr } = await run();
          codes.add(exitCode);
          if (exitCode !== 0) {
            expect(exitCode, stderr).toBe(1);
            expect(stderr).toMatch(/out\/[\w./-]+: cannot be written: no space is left on its device/);
          }
          const found = filesIn(out);
          expect(halfFiles(out, (name) => found.get(name) === 'old')).toEqual([]);
          for (const [name, content] of found) {
            expect(reference.has(name), name).toBe(true);
            // Of a run that ended on its way the snapshot is an earlier one, as whole as the last.
            if (!job.varies && content !== 'old' && !name.endsWith('.snapshot')) {
              expect(content === reference.get(name), `${name} at ${step} of ${STEPS}`).toBe(true);
            }
          }
          for (const name of old) expect(found.has(name), name).toBe(true);
          if (exitCode === 0) expect([...found.keys()]).toEqual([...reference.keys()]);
        });
      }
      expect([...codes].sort()).toEqual([0, 1]);
      // Tensors that had no room are kept elsewhere, or said to be lost.
      for (const kept of readdirSync(folder).filter((name) => name.startsWith('basin-kept-'))) {
        const tensors = readFileSync(join(folder, kept, 'tensors.safetensors'), 'latin1');
        expect(tensors).toBe(reference.get('t.safetensors'));
      }
    });
  });
}

/** Puts files of earlier runs where the disk has room for them: those that a run begins anew, not those that it goes on from. */
function oldFiles(out: string, names: readonly string[]): Set<string> {
  return new Set(
    names.filter((name) => {
      if (name.includes('/') || name.endsWith('.snapshot') || name === 'kernels.json') return false;
      try {
        writeFileSync(join(out, name), 'old');
        return true;
      } catch {
        rmSync(join(out, name), { force: true });
        return false;
      }
    }),
  );
}
