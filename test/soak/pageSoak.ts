import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { serveJob } from '../../src/cli/jobServer.ts';
import { launchChromium } from '../../src/cli/launchChromium.ts';
import { heldByChildren } from './children.ts';
import type { Draw, Soaked } from './soaked.ts';

const STEPS = 600;
/** A run of a few seconds, with every instrument; in the page its evaluations and snapshots come with it. */
const SETTINGS = new URLSearchParams({
  data: 'gaussian-clusters',
  hidden: '8',
  B: '16',
  lr: '0.02,0.05',
  steps: `${STEPS}`,
  noise: '10',
  test: '100',
  instruments: [
    'eigenvalue every=200, examples=64',
    'hessian_noise every=200, examples=64',
    'batch_sharpness every=200',
    'density at=300, examples=64',
    'keskar at=300, examples=64',
    'distance every=50',
    'accuracy every=200, split=test',
  ].join('; '),
});

/** In front of the worker's script: what it holds of buffers, of devices that are there, and what destroys the device. */
const WATCHED = `const live = new Map();
const create = GPUDevice.prototype.createBuffer;
GPUDevice.prototype.createBuffer = function (descriptor) {
  const buffer = create.call(this, descriptor);
  if (!live.has(this)) {
    live.set(this, new Set());
    const channel = new BroadcastChannel('lose');
    channel.onmessage = () => this.destroy();
    this.lost.then(() => {
      live.delete(this);
      channel.close();
    });
  }
  live.get(this).add(buffer);
  return buffer;
};
const destroy = GPUBuffer.prototype.destroy;
GPUBuffer.prototype.destroy = function () {
  for (const buffers of live.values()) buffers.delete(this);
  return destroy.call(this);
};
globalThis.soakBytes = () => [...live.values()].flatMap((buffers) => [...buffers]).reduce((sum, { size }) => sum + size, 0);`;

/** Of runs after the first, so many are stopped on the way, and so many of the others lose their device. */
const [STOPPED, LOST] = [0.25, 0.4];
const TIMEOUT = 300_000;

/** Runs in one page of the Lab, one after the other. */
export async function pageSoak(draw: Draw): Promise<Soaked> {
  const server = await serveJob(fileURLToPath(new URL('../dist/', import.meta.url)), {
    read: (file) => Promise.reject(new Error(`the page asked for ${file}`)),
    find: async (path) => ({ path, is: 'nothing' }),
  });
  const launched = await launchChromium('the soak drives Chromium with it', {
    flags: ['--js-flags=--expose-gc', '--enable-precise-memory-info'],
  });
  const context = await launched.browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT);
  let problem: Error | undefined;
  page.on('pageerror', (error) => {
    problem = error;
  });
  page.on('crash', () => {
    problem = new Error('the page crashed');
  });
  await page.route('**/jobWorker*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${WATCHED}\n${await response.text()}` });
  });
  await page.goto(`${server.origin}/lab.html#${SETTINGS}`);
  await says(page, /Ready/);

  const counts = { runs: 0, stopped: 0, losses: 0 };
  let whole: string[] | undefined;
  let digest = '';

  /** Until a run that loses its device now and then has ended. */
  const finish = async (): Promise<void> => {
    const ended = says(page, new RegExp(`Finished after step ${STEPS}`));
    if (whole && draw() < LOST) {
      await page.waitForTimeout(3000 * draw());
      await page.evaluate(() => {
        const channel = new BroadcastChannel('lose');
        channel.postMessage('');
        channel.close();
      });
      counts.losses++;
    }
    await ended;
    const rows = await csvOf(page);
    const found = createHash('sha256').update(rows.join()).digest('hex');
    whole ??= rows;
    digest ||= found;
    if (found !== digest) throw new Error(`other readings than at first, after ${counts.runs} runs`);
  };

  /** What was read of a run that is stopped is the beginning of what the whole one reads. */
  const stop = async (): Promise<void> => {
    await page.waitForTimeout(2000 * draw());
    const button = page.getByRole('button', { name: 'Stop', exact: true });
    if (await button.isEnabled()) await button.click();
    await says(page, /(Stopped|Finished) after step/);
    counts.stopped++;
    // On a slow adapter it may be stopped before its first reading, and there is nothing to save.
    if (await page.getByRole('button', { name: 'Save CSV', exact: true }).isDisabled()) return;
    const rows = await csvOf(page);
    const known = new Map(cellsOf(whole!));
    const last = Number(await page.locator('.numbers').getAttribute('data-step'));
    for (const [cell, value] of cellsOf(rows, last)) {
      if (value !== '' && known.get(cell) !== value) {
        throw new Error(`a stopped run read ${value} of ${cell}, a whole one ${known.get(cell)}`);
      }
    }
  };

  return {
    async next() {
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      // What it says of the run before goes first.
      await page.locator('.run-bar .status', { hasNotText: /Finished|Stopped/ }).waitFor();
      await (whole && draw() < STOPPED ? stop() : finish());
      counts.runs++;
      if (problem) throw problem;
    },
    get done() {
      return `${counts.runs} runs, ${counts.stopped} of them stopped, ${counts.losses} losses`;
    },
    async held() {
      const heapHere = async (): Promise<number> => {
        for (let i = 0; i < 3; i++) {
          (globalThis as unknown as { gc(): void }).gc();
          await new Promise((done) => setTimeout(done, 50));
        }
        const { memory } = performance as unknown as { memory?: { usedJSHeapSize: number } };
        return memory?.usedJSHeapSize ?? 0;
      };
      const worker = page.workers()[0]!;
      const heap = (await page.evaluate(heapHere)) + (await worker.evaluate(heapHere));
      const buffers = await worker.evaluate(() =>
        (globalThis as unknown as { soakBytes(): number }).soakBytes(),
      );
      return { heap, buffers, ...heldByChildren(process.pid) };
    },
    async close() {
      await launched.close();
      server.close();
    },
  };
}

/** @throws where it says that a run has failed */
async function says(page: Page, text: RegExp): Promise<void> {
  const status = page.locator('.run-bar .status');
  await status.filter({ hasText: new RegExp(`${text.source}|failed`) }).waitFor();
  if (text.test((await status.textContent()) ?? '')) return;
  throw new Error(`the run failed: ${(await page.getByRole('alert').allTextContents()).join('; ')}`);
}

/** What was read before a step, by replica, step and column: a run that is stopped early has fewer columns. */
function* cellsOf([header, ...rows]: readonly string[], before = Number.POSITIVE_INFINITY) {
  const names = header!.split(',');
  for (const row of rows) {
    const values = row.split(',');
    const of = (name: string): string => values[names.indexOf(name)]!;
    if (Number(of('step')) >= before) continue;
    for (const [i, name] of names.entries()) {
      yield [`${of('replica')} ${of('step')} ${name}`, values[i]!] as const;
    }
  }
}

/** The readings on the page: its header and a row each. */
async function csvOf(page: Page): Promise<string[]> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save CSV', exact: true }).click(),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  await download.delete();
  return `${Buffer.concat(chunks)}`.split('\r\n').filter((row) => row !== '' && !row.startsWith('#'));
}
