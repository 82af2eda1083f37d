import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFolder, ROOT } from './basin.ts';
import { descendants, gpuProcesses, kill } from './processes.ts';

/** How often the GPU process is killed. */
const KILLS = 2;
/** A line every few seconds, where there is no terminal. */
const TRAINED = /training: [1-9]\d*\/1000000/;

const LONG =
  'train --data gaussian-clusters?examples=200 --hidden 9 --batch-size 16 --lr 0.01 --steps 1000000 --runtime browser';

/** A job in the browser, what it said so far, and its processes. */
function start(folder: string) {
  const cli = join(ROOT, 'dist', 'cli.js');
  const child = spawn(process.execPath, [cli, ...LONG.split(' ')], {
    cwd: folder,
    env: { ...process.env, BASIN_KERNELS: join(folder, 'no kernels.json') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = { text: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.text += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, said, ended };
}

test('a job goes on with another device when the GPU process is killed', async () => {
  await inFolder(async (folder) => {
    const { child, said, ended } = start(folder);
    // More often than Chromium's own limit, each time after a step was read.
    for (let killed = 0; killed < KILLS; killed++) {
      const trained = () => said.text.split('goes on with another device').at(-1);
      await expect.poll(trained, { timeout: 60_000 }).toMatch(TRAINED);
      const gpu = gpuProcesses(child.pid!);
      expect(gpu).toHaveLength(1);
      kill(gpu[0]!.pid);
      const losses = () => said.text.split('goes on with another device').length - 1;
      await expect.poll(losses, { timeout: 30_000 }).toBe(killed + 1);
    }
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
  });
});

for (const [what, kind] of [
  ['renderer', /--type=renderer/],
  ['browser', /^(?!.*--type=).*--remote-debugging/],
] as const) {
  test(`a killed ${what} ends the job with an error that names the last step read`, async () => {
    await inFolder(async (folder) => {
      const { child, said, ended } = start(folder);
      await expect.poll(() => said.text, { timeout: 60_000 }).toMatch(TRAINED);
      for (const { pid, command } of descendants(child.pid!)) if (kind.test(command)) kill(pid);
      expect(await ended).toBe(1);
      expect(said.text).toMatch(/basin: .*; the last step read was [1-9]\d* of 1000000 \(training\)/);
    });
  });
}
