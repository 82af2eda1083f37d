import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/jobs/job.ts';
import { inFolder } from './basin.ts';
import { button, save, violations, waitForStatus } from './browserPage.ts';
import { inWorker, keptStep, lastStep, start, waitForStep } from './labPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

const STEPS = 3000;
const FINISHED = new RegExp(`Finished after step ${STEPS}`);
/** A run that takes a few seconds, as an address has it: noise at every step, since a step without is a kernel and over at once. */
const SETTINGS = `data=gaussian-clusters&hidden=8&B=16&lr=0.02,0.05&seed=0-1&steps=${STEPS}&noise=1&test=100`;

/** The device of the page's worker is destroyed when someone says so. */
const LOSES_DEVICES = `const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...given) {
  const device = await request.apply(this, given);
  new BroadcastChannel('lose').onmessage = () => device.destroy();
  return device;
};`;

let context: BrowserContext;
beforeAll(async () => {
  context = await pages.browser.newContext({ serviceWorkers: 'block' });
});
afterAll(() => context.close());

const problems: string[] = [];

/** A page of the browser whose runs all tests of this file share, or of another one. */
async function openLab(
  fragment: string,
  of = context,
  prepare?: (page: Page) => Promise<void>,
): Promise<Page> {
  const page = await of.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  await prepare?.(page);
  await page.goto(`${pages.server.origin}/lab.html#${fragment}`);
  return page;
}

async function csvOf(page: Page): Promise<string> {
  return `${await save(page, 'Save CSV')}`;
}

/** What an uninterrupted run of these settings reads. */
let whole: string;

describe('runs are kept', () => {
  test('an address gives the form, and its run the same bytes as another one', async () => {
    const page = await openLab(SETTINGS);
    await waitForStatus(page, /Ready/);
    for (const [field, value] of Object.entries({
      data: 'gaussian-clusters',
      hidden: '8',
      batchSize: '16',
      lr: '0.02,0.05',
      seeds: '0-1',
      length: `${STEPS}`,
      lengthUnit: 'steps',
      measureEvery: '1',
    })) {
      expect(await page.locator(`#setting-${field}`).inputValue(), field).toBe(value);
    }
    await start(page);
    await waitForStatus(page, FINISHED);
    whole = await csvOf(page);
    expect(whole.split('\r\n')).toHaveLength(2 + 4 * STEPS);
    expect(await page.locator('.legend li').count()).toBe(2);
    expect(await page.locator('[data-quantity=loss] .sentence').textContent()).toMatch(/lowest at ε = 0\.0/);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  test('after a reload settings and readings return, and the run goes on with the bits of one never stopped', async () => {
    const page = await openLab(SETTINGS, context, (page) => inWorker(page, LOSES_DEVICES));
    await waitForStatus(page, /Ready/);
    await start(page);
    await waitForStep(page, 200);
    await button(page, 'Pause').click();
    const kept = await keptStep(page);
    // What was under way, and the second in which it is stored.
    await page.waitForTimeout(1500);
    const shown = await lastStep(page);
    await page.reload();
    await waitForStatus(page, /Interrupted at step \d+: Resume goes on from step \d+/);
    expect(await page.locator('#setting-hidden').inputValue()).toBe('8');
    expect(await lastStep(page)).toBe(shown);
    expect(await page.locator('.settings-of-run').textContent()).toMatch(/gaussian-clusters · hidden 8/);

    // Another tab has the same run, and may go on with it as long as this one does not.
    const other = await openLab(new URL(page.url()).hash.slice(1));
    await waitForStatus(other, /Interrupted at step/);
    await button(page, 'Resume').click();
    await waitForStep(page, shown);
    // It rests here, so that it has not ended before the other tab hears of it.
    await button(page, 'Pause').click();
    await waitForStatus(other, /goes on in another tab/);
    expect(await button(other, 'Pause').isDisabled()).toBe(true);
    await other.close();

    // A lost device is another one, and the run goes on by itself.
    await expect.poll(() => keptStep(page)).toBeGreaterThan(kept);
    await button(page, 'Resume').click();
    await page.evaluate(() => new BroadcastChannel('lose').postMessage(''));
    await waitForStatus(page, /device was lost after step \d+: the run goes on from step \d+/);
    await waitForStatus(page, FINISHED);
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await csvOf(page)).toBe(whole);
    await page.close();
  });

  test('a run is saved as JSON and opened in another browser; a branch goes on with another ε and B', async () => {
    await inFolder(async (folder) => {
      const page = await openLab(SETTINGS.replace(`seed=0-1&steps=${STEPS}`, 'steps=1000000'));
      await waitForStatus(page, /Ready/);
      await start(page);
      await waitForStep(page, 100);
      await page.getByLabel('B while running').fill('32');
      await button(page, 'Change B').click();
      await waitForStatus(page, /B = 32 from step \d+ on/);
      await page.getByLabel('B while running').fill('100000');
      await button(page, 'Change B').click();
      await waitForStatus(page, /B = 100000 was refused: batch_size: is 100000/);
      await button(page, 'Stop').click();
      await waitForStatus(page, /Stopped after step/);
      const from = await keptStep(page);
      const saved = await save(page, 'Save JSON');
      const recording = JSON.parse(`${saved}`);
      const [change] = recording.changes;
      expect(change).toEqual({ step: expect.any(Number), batchSize: 32 });
      const sizeAt = (step: number): number =>
        recording.readings.find((reading: Reading) => reading.step === step).batchSize;
      expect([sizeAt(change.step - 1), sizeAt(change.step)]).toEqual([16, 32]);

      const elsewhere = await pages.browser.newContext({ serviceWorkers: 'block' });
      const there = await openLab('', elsewhere);
      await waitForStatus(there, /Ready/);
      writeFileSync(join(folder, 'run.json'), saved);
      await there.locator('#setting-files').setInputFiles(join(folder, 'run.json'));
      await waitForStatus(there, /Read from a file/);
      expect(await csvOf(there)).toBe(await csvOf(page));
      expect(await there.locator('#setting-hidden').inputValue()).toBe('8');
      await elsewhere.close();

      // From where it stopped, as a run of its own.
      await page.getByRole('button', { name: /^Branch from step/ }).click();
      await waitForStatus(page, new RegExp(`Stopped at step ${from}: Resume`));
      await page.getByLabel('ε while running').fill('0.001');
      await button(page, 'Change').click();
      await waitForStatus(page, /Learning rate set to 0\.001, once the run goes on/);
      await button(page, 'Resume').click();
      await waitForStep(page, from + 50);
      await button(page, 'Stop').click();
      await waitForStatus(page, /Stopped after step/);
      const branch = JSON.parse(`${await save(page, 'Save JSON')}`);
      expect(branch.changes.at(-1)).toEqual({ step: from + 1, replica: null, learningRate: 0.001 });
      const until = (readings: Reading[]) => JSON.stringify(readings.filter(({ step }) => step <= from));
      expect(until(branch.readings)).toBe(until(recording.readings));
      await page.close();
    });
  });
});

describe('the page Runs', () => {
  test('lists them after a reload, compares two, renames, pins, deletes, and hands out the command line’s files', async () => {
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${pages.server.origin}/runs.html`);
    const rows = page.locator('.run');
    await expect.poll(() => rows.count()).toBe(4);
    const finished = page.locator('.run[data-status=finished]');
    expect(await finished.count()).toBe(2);
    const stopped = page.locator('.run', { hasText: 'branched from' });

    await finished.first().getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Name of the run').fill('the first');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'the first' }).waitFor();
    await stopped.getByRole('button', { name: 'Pin' }).click();
    await stopped.getByRole('button', { name: 'Pinned' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'the first' }).waitFor();
    expect(await rows.first().textContent()).toMatch(/branched from/);

    await page.locator('.run', { hasText: 'the first' }).getByRole('checkbox').check();
    await stopped.getByRole('checkbox').check();
    await page.getByRole('button', { name: /^Compare 2/ }).click();
    const compare = page.locator('.compare');
    await compare.locator('.chart svg').first().waitFor();
    expect(await compare.locator('.numbers-table').first().textContent()).toMatch(
      new RegExp(`steps.*1000000.*${STEPS}|steps.*${STEPS}.*1000000`),
    );
    expect(await compare.locator('.compared').textContent()).toMatch(/A .*B the first/);
    expect(await compare.locator('.chart').first().textContent()).toMatch(/A: ε = .*B: ε = /);
    expect(await compare.locator('.numbers-table').count()).toBe(2);
    // It is in the address.
    await page.reload();
    await compare.locator('.chart svg').first().waitFor();
    expect(await violations(page)).toEqual([]);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.run', { hasText: 'the first' }).getByRole('combobox').selectOption('result'),
    ]);
    const result = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(result.replicas).toHaveLength(4);
    await inFolder(async (folder) => {
      const file = join(folder, 'result.json');
      writeFileSync(file, JSON.stringify(result));
      await page.locator('#import-runs').setInputFiles(file);
      await page.getByRole('heading', { name: 'result' }).waitFor();
    });
    const imported = page.locator('.run[data-status=imported]');
    await imported.getByRole('link', { name: 'Open' }).click();
    await waitForStatus(page, new RegExp(`Read from a file: ${STEPS} steps`));
    // Replica by replica: step, B, ε and loss.
    const read = (csv: string): string[] =>
      csv
        .trim()
        .split('\r\n')
        .slice(1)
        .map((line) => {
          const [replica, step, batchSize, rate, , loss] = line.split(',');
          return `${replica} ${step} ${batchSize} ${Math.fround(Number(rate))} ${Math.fround(Number(loss))}`;
        })
        .sort();
    expect(read(await csvOf(page))).toEqual(read(whole));
    await page.goBack();
    await imported.getByRole('button', { name: 'Delete' }).click();
    await imported.getByRole('button', { name: 'Delete for good' }).click();
    await expect.poll(() => imported.count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });
});

test('a landscape takes kept runs: from the list, by their address, with model and data', async () => {
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${pages.server.origin}/runs.html`);
  const first = page.locator('.run', { hasText: 'the first' });
  await first.getByRole('checkbox').check();
  await button(page, 'Landscape').click();
  await page.locator('.given li').first().waitFor();
  expect(new URL(page.url()).pathname).toBe('/landscape.html');
  expect(await page.locator('.given').textContent()).toMatch(
    /the-first-[0-9a-f]{8}\.json model.*the-first-[0-9a-f]{8}\.safetensors 4 sets of weights/,
  );
  await page.getByRole('radio', { name: 'Line' }).check();
  await page.getByRole('textbox', { name: 'From t to t' }).fill('0, 1');
  await page.getByRole('textbox', { name: 'Points', exact: true }).fill('3');
  // All of it is in the address.
  await page.reload();
  await page.locator('.given li').first().waitFor();
  await waitForStatus(page, /Ready|taken/);
  await button(page, 'Run').click();
  await waitForStatus(page, /^Finished/);
  const { points } = JSON.parse(`${await save(page, 'Save JSON')}`);
  // The ends are the run's first two replicas, whose final losses it told itself.
  const results = await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const asked = indexedDB.open('basin runs');
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
    const all = await new Promise<
      { event: { type: string; result?: { replicas: { finalLoss: number }[] } } }[][]
    >((resolve) => {
      const asked = db.transaction('events').objectStore('events').getAll();
      asked.onsuccess = () => resolve(asked.result);
    });
    db.close();
    return all
      .flat()
      .flatMap(({ event }) =>
        event.type === 'result' && event.result?.replicas.length === 4 ? [event.result] : [],
      );
  });
  const { replicas } = results[0]!;
  expect(points[0].loss).toBeCloseTo(replicas[0]!.finalLoss, 5);
  expect(points[2].loss).toBeCloseTo(replicas[1]!.finalLoss, 5);

  await page.getByRole('button', { name: /^Remove .*safetensors/ }).click();
  await expect.poll(() => page.locator('.given li').count()).toBe(0);
  expect(new URL(page.url()).hash).not.toContain('runs=');
  await page.goto(`${pages.server.origin}/landscape.html#line?runs=nothing`);
  await page.reload();
  expect(await page.getByRole('alert').textContent()).toMatch(/nothing: this browser keeps no finished run/);
  expect(problems).toEqual([]);
  await page.close();
});

// The last: a browser has no adapter after a second crash.
test('a crash of the GPU’s process ends no run', async () => {
  const page = await openLab(SETTINGS);
  await waitForStatus(page, /Ready/);
  await start(page);
  await waitForStep(page, 100);
  await button(page, 'Pause').click();
  await keptStep(page);
  await button(page, 'Resume').click();
  const session = await pages.browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
  await waitForStatus(page, /device was lost after step \d+: the run goes on from step \d+/);
  await waitForStatus(page, FINISHED);
  expect(await csvOf(page)).toBe(whole);
  expect(problems).toEqual([]);
});
