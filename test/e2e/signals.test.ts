import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFolder, LAUNCHER } from './basin.ts';

const LONG = ['--data', 'gaussian-clusters', '--hidden', '4', '--lr', '0.1', '--steps', '10000000'];

/** Starts a long run in the browser, with temporary files in `tmp`, and waits until it trains. */
async function training(folder: string): Promise<{ child: ChildProcess; stderr: () => string }> {
  const child = spawn(process.execPath, [LAUNCHER, 'train', ...LONG, '--runtime', 'browser'], {
    cwd: folder,
    env: { ...process.env, TMPDIR: join(folder, 'tmp'), BASIN_KERNELS: join(folder, 'no kernels.json') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (/^training/m.test(stderr)) resolve();
    });
    child.on('close', (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
  return { child, stderr: () => stderr };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve) => {
    child.on('close', resolve);
    child.kill(signal);
  });
}

test.runIf(process.platform === 'linux')(
  'a signal ends the browser and leaves nothing behind; what SIGKILL leaves goes with the next run',
  async () => {
    await inFolder(async (folder) => {
      mkdirSync(join(folder, 'tmp'));
      const left = () => readdirSync(join(folder, 'tmp'));
      const killed = await training(folder);
      await end(killed.child, 'SIGKILL');
      expect(left()).toHaveLength(1);
      for (const [signal, code] of [
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const) {
        const { child, stderr } = await training(folder);
        expect(left()).toHaveLength(1);
        expect(await end(child, signal)).toBe(code);
        expect(stderr()).not.toMatch(/closed|basin:/);
        expect(left()).toEqual([]);
      }
    });
  },
);
