import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { basin, type Ended, execute, inFolder, LAUNCHER } from './basin.ts';

const TRAIN = ['train', '--data', 'gaussian-clusters?examples=64&classes=3&dims=8', '--hidden', '4'];
const RUN = [...TRAIN, '--batch-size', '16', '--steps', '6', '--lr', '0.1', '--runtime', 'node'];

/** Runs `basin` with what a shell does around it: `$B` is the command. */
function shell(script: string, folder: string): Promise<Ended> {
  return execute('bash', ['-c', script], folder, {
    B: process.execPath,
    L: LAUNCHER,
    BASIN_KERNELS: join(folder, 'no kernels.json'),
  });
}
const COMMAND = `"$B" "$L" ${RUN.map((arg) => `'${arg}'`).join(' ')}`;

describe.runIf(process.platform !== 'win32')('where results go', () => {
  test('a FIFO, a process substitution and a symlink get the whole result', async () => {
    await inFolder(async (folder) => {
      mkdirSync(join(folder, 'real, one?'));
      writeFileSync(join(folder, 'real, one?', 'r.json'), 'old', { mode: 0o600 });
      symlinkSync('real, one?/r.json', join(folder, 'link.json'));
      const { stderr, exitCode } = await shell(
        `mkfifo fifo; cat fifo > read & ${COMMAND} --out fifo --tensors >(cat > tensors) || exit; ` +
          `wait; ${COMMAND} --out link.json`,
        folder,
      );
      expect(exitCode, stderr).toBe(0);
      const [byFifo, byLink] = ['read', 'real, one?/r.json'].map((name) =>
        JSON.parse(readFileSync(join(folder, name), 'utf8')),
      );
      expect(byFifo.losses).toHaveLength(6);
      expect(byLink.losses).toEqual(byFifo.losses);
      expect(lstatSync(join(folder, 'fifo')).isFIFO()).toBe(true);
      expect(lstatSync(join(folder, 'link.json')).isSymbolicLink()).toBe(true);
      expect(lstatSync(join(folder, 'real, one?', 'r.json')).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(folder, 'tensors')).includes('0.weight')).toBe(true);
      expect(stderr).toMatch(/^wrote fifo$/m);
      expect(stderr).toMatch(/^wrote link\.json, in place of an earlier file$/m);
    });
  });

  test('a standard output that takes nothing, or not all, is an error with a message', async () => {
    await inFolder(async (folder) => {
      // One block, and the signal that goes with it ignored: a disk that is full in the middle.
      const cases = [
        [`${COMMAND} > /dev/full`, /standard output: cannot be written: no space is left/],
        [
          `trap '' XFSZ; ulimit -f 1; "$B" "$L" tune --explain > cut`,
          /standard output: cannot be written: it would be larger/,
        ],
        [`${COMMAND} >&-`, /standard output: cannot be written: it is closed; give --out/],
      ] as const;
      for (const [script, message] of cases) {
        if (script.includes('/dev/full') && !existsSync('/dev/full')) continue;
        if (script.includes('>&-') && process.platform !== 'linux') continue;
        const { stderr, exitCode } = await shell(script, folder);
        expect(stderr).toMatch(message);
        expect(exitCode).toBe(1);
      }
    });
  });

  test('a reader that has enough is no error, and neither is a standard error that is closed or full', async () => {
    await inFolder(async (folder) => {
      const quiet = await shell(`${COMMAND} --help | head -c 1; exit \${PIPESTATUS[0]}`, folder);
      expect([quiet.exitCode, quiet.stderr]).toEqual([0, '']);
      for (const to of ['&-', existsSync('/dev/full') ? '/dev/full' : '/dev/null']) {
        const { stdout, exitCode } = await shell(`${COMMAND} 2> ${to}`.replace('> &', '>&'), folder);
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout).losses).toHaveLength(6);
      }
    });
  });

  test.runIf(existsSync('/dev/full'))('what cannot be written where it should be is not lost', async () => {
    await inFolder(async (folder) => {
      const full = await shell(`${COMMAND} --out /dev/full --tensors /dev/full`, folder);
      expect(full.exitCode).toBe(1);
      expect(JSON.parse(full.stdout).losses).toHaveLength(6);
      expect(full.stderr).toMatch(
        /\/dev\/full could not be written; the result is on standard output instead/,
      );
      expect(full.stderr).toMatch(/^basin: \/dev\/full: cannot be written: no space is left/m);
      const [kept] = /(?<=the tensors are in ).*/.exec(full.stderr)!;
      expect(readFileSync(kept!).includes('0.weight')).toBe(true);
      execFileSync('rm', ['-r', join(kept!, '..')]);
    });
  });

  test('what would overwrite another output or an input is refused before the run', async () => {
    await inFolder(async (folder) => {
      const trained = await basin([...RUN, '--tensors', 'w.safetensors'], folder);
      expect(trained.exitCode, trained.stderr).toBe(0);
      symlinkSync('w.safetensors', join(folder, 'link'));
      writeFileSync(join(folder, 'train.json'), '{}');
      const before = readFileSync(join(folder, 'w.safetensors'));
      const cases: [args: string[], message: RegExp][] = [
        [['--out', 'r', '--tensors', './r'], /^basin: \.\/r: --tensors: is the same file as --out/m],
        [
          ['--weights', 'w.safetensors', '--tensors', 'link'],
          /^basin: link: --tensors: is an input.*w\.safetensors/m,
        ],
        [['train.json', '--out', 'train.json'], /^basin: train\.json: --out: is an input/m],
      ];
      for (const [args, message] of cases) {
        const { stdout, stderr, exitCode } = await basin([...RUN, ...args], folder);
        expect(stderr).toMatch(message);
        expect([stdout, exitCode]).toEqual(['', 2]);
      }
      expect(readFileSync(join(folder, 'w.safetensors')).equals(before)).toBe(true);
      expect(readdirSync(folder).sort()).toEqual(['link', 'train.json', 'w.safetensors']);
    });
  });
});
