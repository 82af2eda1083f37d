import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basin, inFolder, ROOT } from './basin.ts';
import { button, save, waitForStatus } from './browserPage.ts';
import { inWorker, keptStep, start, waitForStep } from './labPage.ts';
import { filesIn } from './outputFiles.ts';
import { gpuProcesses, kill } from './processes.ts';
import { servedPages } from './servedPages.ts';
import { stepOf } from './testKilledRun.ts';

const pages = servedPages();

const LOSSES = Number(process.env.BASIN_LOSSES ?? 20);

test(`a job in the browser whose GPU process is killed ${LOSSES} times gives the bytes of one left in peace`, {
  timeout: 60_000 + 30_000 * LOSSES,
}, async () => {
  await inFolder(async (folder) => {
    const command =
      'train --data gaussian-clusters?examples=200 --hidden 9 --batch-size 16 --lr 0.01 --steps 60000 --record-every 50 --snapshot out/run.snapshot --snapshot-every 500 --out out/r.json --tensors out/t.safetensors --runtime browser';
    const out = join(folder, 'out');
    mkdirSync(out);
    const whole = await basin(command.split(' '), folder);
    expect(whole.exitCode, whole.stderr).toBe(0);
    const reference = filesIn(out);
    const broken = join(folder, 'broken');
    mkdirSync(join(broken, 'out'), { recursive: true });
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...command.split(' ')], {
      cwd: broken,
      env: { ...process.env, BASIN_KERNELS: join(broken, 'no kernels.json') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const losses = (): number => said.split('goes on with another device').length - 1;
    for (let lost = 0, at = 0; lost < LOSSES; lost++) {
      const step = (): number => stepOf(join(broken, 'out', 'run.snapshot'));
      await expect.poll(step, { timeout: 60_000, interval: 20 }).toBeGreaterThan(at);
      at = step();
      const [gpu] = gpuProcesses(child.pid!);
      kill(gpu!.pid);
      await expect.poll(losses, { timeout: 30_000 }).toBe(lost + 1);
    }
    expect(await ended, said).toBe(0);
    // Names are those of the run's own folder.
    const found = filesIn(join(broken, 'out'));
    expect(found.get('t.safetensors')).toBe(reference.get('t.safetensors'));
    expect(found.get('r.json')!.replaceAll(broken, folder)).toBe(reference.get('r.json'));
  });
});

/** The device of the page's worker is destroyed when someone says so. */
const LOSES_DEVICES = `const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...given) {
  const device = await request.apply(this, given);
  globalThis.devices = (globalThis.devices ?? 0) + 1;
  const channel = new BroadcastChannel('lose');
  channel.onmessage = () => device.destroy();
  device.lost.then(() => channel.close());
  return device;
};`;

const SETTINGS = 'data=gaussian-clusters&hidden=8&B=16&lr=0.02,0.05&steps=30000&noise=1000&test=1000';

test(`a run of the Lab that loses its device ${LOSSES} times, destroyed or with its process, reads what one left in peace does`, {
  timeout: 120_000 + 30_000 * LOSSES,
}, async () => {
  const context = await pages.browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  const run = async (losses: number): Promise<string> => {
    await page.goto(`${pages.server.origin}/lab.html#${SETTINGS}`);
    await page.reload();
    await waitForStatus(page, /Ready|Finished|Stopped/);
    await start(page);
    const devices = (): Promise<number> =>
      page.workers()[0]!.evaluate(() => (globalThis as unknown as { devices: number }).devices);
    for (let lost = 0, at = 0; lost < losses; lost++) {
      await waitForStep(page, at);
      // A run that rests is kept as it is.
      await button(page, 'Pause').click();
      await expect.poll(() => keptStep(page), { timeout: 60_000 }).toBeGreaterThan(at);
      at = await keptStep(page);
      await button(page, 'Resume').click();
      await waitForStep(page, at);
      if (lost % 2 === 0) await page.evaluate(() => new BroadcastChannel('lose').postMessage(''));
      else kill(gpuProcesses(process.pid)[0]!.pid);
      await expect.poll(devices, { timeout: 60_000 }).toBe(lost + 2);
    }
    await waitForStatus(page, /Finished after step 30000/, 300_000);
    expect(await page.getByRole('alert').count()).toBe(0);
    return `${await save(page, 'Save CSV')}`;
  };
  await inWorker(page, LOSES_DEVICES);
  const whole = await run(0);
  expect(await run(LOSSES)).toBe(whole);
  await context.close();
});
