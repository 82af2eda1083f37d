import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFolder, ROOT } from './basin.ts';

const LONG =
  'train --data gaussian-clusters?examples=200 --hidden 9 --batch-size 16 --lr 0.01 --steps 1000000 --runtime browser';

/** Processes that a process has started, and theirs, with their commands. */
function descendants(of: number): { pid: number; command: string }[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = rows
    .map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row)!)
    .map(([, pid, parent, command]) => ({
      pid: Number(pid),
      parent: Number(parent),
      command: command!,
    }));
  const below = (pid: number): typeof all =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(of);
}

/** Kills a process, unless it went with one that was killed before it. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

for (const [what, kind] of [
  ['renderer', /--type=renderer/],
  ['browser', /^(?!.*--type=).*--remote-debugging/],
] as const) {
  test(`a killed ${what} ends the job with an error that names the last step read`, async () => {
    await inFolder(async (folder) => {
      const cli = join(ROOT, 'dist', 'cli.js');
      const child = spawn(process.execPath, [cli, ...LONG.split(' ')], {
        cwd: folder,
        env: { ...process.env, BASIN_KERNELS: join(folder, 'no kernels.json') },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      let killed = false;
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        // A line every few seconds, where there is no terminal.
        if (killed || !/training: [1-9]\d*\/1000000/.test(said)) return;
        killed = true;
        for (const { pid, command } of descendants(child.pid!)) if (kind.test(command)) end(pid);
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(killed).toBe(true);
      expect(code).toBe(1);
      expect(said).toMatch(/basin: .*; the last step read was [1-9]\d* of 1000000 \(training\)/);
    });
  });
}
