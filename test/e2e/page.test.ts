import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { renderReport } from '../../src/cli/report.ts';
import type { JobSpec, Reading } from '../../src/jobs/job.ts';
import { formatEstimate } from '../../src/present/formatInterval.ts';
import { quantities } from '../../src/present/quantities.ts';
import { basin, inFolder } from './basin.ts';
import {
  button,
  save,
  violations,
  waitForStatus,
  withoutWebGpu,
  withPage as withPageOf,
} from './browserPage.ts';
import { noteCanvasTexts, writtenCharts } from './canvasTexts.ts';
import { fill, inWorker, lastStep, waitForStep } from './labPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

/** Uses a page of its own. */
function withPage(use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  return withPageOf(pages.browser, pages.server.origin, use, options);
}

async function open(page: Page): Promise<void> {
  await page.goto(`${pages.server.origin}/lab.html`);
  await page.getByRole('heading', { name: 'Basin' }).waitFor();
}

/** A run on small synthetic data that lasts until it is stopped. */
const ENDLESS = {
  data: 'gaussian-clusters',
  hidden: '16',
  batchSize: '16',
  lr: '0.02, 0.05',
  length: '1000000',
  lengthUnit: 'steps',
  measureEvery: '5',
  evaluateEvery: '50',
};

/** Room for the x-axis's labels, in px. */
const X_AXIS = 34;

/** Pixels of a chart that have a colour: curves have, axes and grid are grey. */
function colouredPixels(page: Page, id: string): Promise<number> {
  return page.locator(`#plot-${id} canvas, [data-quantity=${id}] canvas`).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const channels = [data[i]!, data[i + 1]!, data[i + 2]!];
      if (data[i + 3]! > 128 && Math.max(...channels) - Math.min(...channels) > 80) coloured++;
    }
    return coloured;
  });
}

describe('the page', () => {
  test('trains, pauses, goes on, takes another rate, stops', async () => {
    await withPage(async (page) => {
      await open(page);
      await waitForStatus(page, /Ready/);
      await expect(page.locator('.adapter').textContent()).resolves.toMatch(/swiftshader/i);
      await expect(page.locator('.banner.warning').textContent()).resolves.toMatch(
        /Software adapter: correct, but its speed is not a GPU’s/,
      );
      expect(await button(page, 'Pause').isDisabled()).toBe(true);

      await fill(page, ENDLESS);
      await button(page, 'Start').click();
      await waitForStep(page, 60);
      // ε/B is drawn where it changes.
      for (const { id } of quantities.filter(({ id }) => id !== 'temperature')) {
        await expect.poll(() => colouredPixels(page, id), { timeout: 20_000 }).toBeGreaterThan(40);
      }
      expect(await page.locator('[data-quantity=temperature]').count()).toBe(0);

      await button(page, 'Pause').click();
      await waitForStatus(page, /Paused/);
      // What is on its way when the button is pressed may still arrive; `poll` looks for the first time at once.
      await page.waitForTimeout(700);
      let paused = await lastStep(page);
      await expect
        .poll(
          async () => {
            const before = paused;
            paused = await lastStep(page);
            return paused - before;
          },
          { interval: 700, timeout: 20_000 },
        )
        .toBe(0);
      await page.waitForTimeout(700);
      expect(await lastStep(page)).toBe(paused);
      expect(await violations(page)).toEqual([]);

      await button(page, 'Resume').click();
      await waitForStep(page, paused);

      await page.getByLabel('ε while running').fill('0.01');
      await page.getByLabel('Replica whose rate changes').selectOption('ε = 0.05');
      await button(page, 'Change').click();
      const temperatures = page.locator('[data-quantity=temperature] .readout .value');
      await expect.poll(() => temperatures.nth(1).textContent(), { timeout: 20_000 }).toBe('6.25×10⁻⁴');
      expect(await temperatures.nth(0).textContent()).toBe('0.00125');

      await button(page, 'Stop').click();
      await waitForStatus(page, /Stopped after step \d+/);
      expect(await page.getByRole('alert').count()).toBe(0);

      const recording = JSON.parse(`${await save(page, 'Save JSON')}`);
      const rates = (replica: number) =>
        recording.readings.filter((r: Reading) => r.replica === replica).map((r: Reading) => r.learningRate);
      expect(new Set(rates(0).map(Math.fround))).toEqual(new Set([Math.fround(0.02)]));
      expect(Math.fround(rates(1)[0])).toBe(Math.fround(0.05));
      expect(Math.fround(rates(1).at(-1))).toBe(Math.fround(0.01));
      expect(recording.evaluations.length).toBeGreaterThan(0);
      const csv = `${await save(page, 'Save CSV')}`.trim().split('\r\n');
      expect(csv).toHaveLength(1 + recording.readings.length);
      expect(csv[0]).toMatch(/^replica,step,batchSize,learningRate,temperature,loss,/);
      expect(csv[0]).toContain('bSimple,bSimpleStderr,bSimpleResolved,bSimpleLow,bSimpleHigh');
      // What the page shows of the noise scale is what is known at the newest measurement, not at an older one.
      const known = [0, 1].map((replica) => {
        const own: Reading[] = recording.readings.filter((r: Reading) => r.replica === replica);
        const { bSimple, bSimpleInterval, bSimpleResolved } = own.findLast((r) => r.bSimple !== undefined)!;
        return formatEstimate(bSimpleResolved ? bSimple : null, bSimpleInterval);
      });
      expect(await page.locator('[data-quantity=bSimple] .value').allTextContents()).toEqual(known);
    });
  });

  test('zooms all charts to the steps that were dragged over, and back', async () => {
    await withPage(async (page) => {
      await noteCanvasTexts(page);
      await open(page);
      await fill(page, { ...ENDLESS, lr: '0.02' });
      await button(page, 'Start').click();
      await waitForStep(page, 400);
      const over = page.locator('[data-quantity=loss] .u-over');
      const drag = async (from: number, to: number): Promise<void> => {
        await over.scrollIntoViewIfNeeded();
        const box = (await over.boundingBox())!;
        const y = box.y + box.height / 2;
        await page.mouse.move(box.x + from * box.width, y);
        await page.mouse.down();
        await page.mouse.move(box.x + ((from + to) / 2) * box.width, y);
        await page.mouse.move(box.x + to * box.width, y);
        await page.mouse.up();
      };
      const shown = (): Promise<string | null> => page.locator('.zoom').getAttribute('data-steps');
      await button(page, 'Pause').click();
      await waitForStatus(page, /Paused at step/);
      await page.waitForTimeout(700);
      const last = await lastStep(page);
      await drag(0.375, 0.625);
      await page.locator('.zoom:not([data-steps=all])').waitFor({ timeout: 5000 });
      const [from, to] = (await shown())!.split('-').map(Number);
      const grain = Math.ceil(last / 400) + 1;
      expect(Math.abs(from! - 0.375 * last)).toBeLessThanOrEqual(grain);
      expect(Math.abs(to! - 0.625 * last)).toBeLessThanOrEqual(grain);
      // Every chart labels steps of the selection only.
      const charts = await writtenCharts(page);
      expect(charts.length).toBeGreaterThan(3);
      for (const { id, height, texts } of charts) {
        const labels = texts.filter(({ top }) => top > height - X_AXIS);
        const steps = labels.map(({ text }) => Number(text.replace(/\D/g, '')));
        expect(steps.length, id).toBeGreaterThan(0);
        expect(Math.min(...steps), id).toBeGreaterThanOrEqual(from!);
        expect(Math.max(...steps), id).toBeLessThanOrEqual(to!);
      }
      expect(await colouredPixels(page, 'gradNormSq')).toBeGreaterThan(40);

      await button(page, 'Resume').click();
      await waitForStep(page, last + 100);
      expect(await shown()).toBe(`${from}-${to}`);
      await over.dblclick();
      expect(await shown()).toBe('all');
      await drag(0.2, 0.6);
      expect(await shown()).not.toBe('all');
      await button(page, 'Show all steps').click();
      expect(await shown()).toBe('all');
    });
  });

  test('a replica that diverges leaves the other its scale, and the status says where', async () => {
    await withPage(async (page) => {
      await open(page);
      await fill(page, { ...ENDLESS, lr: '0.05, 500', length: '150', measureEvery: '1' });
      await button(page, 'Start').click();
      await waitForStatus(page, /Finished after step 150; 1 of 2 replicas diverged/);
      expect(await page.locator('.legend').textContent()).toMatch(/ε = 500.*diverged at step \d+/);
      // Rows of the chart that the healthy curve's colour reaches, as a share of its height.
      const span = await page.locator('[data-quantity=loss] canvas').evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const [, r, g, b] = /#(..)(..)(..)/
          .exec(getComputedStyle(document.documentElement).getPropertyValue('--curve-0').trim())!
          .map((part) => Number.parseInt(part, 16));
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        const rows = new Set<number>();
        for (let i = 0; i < data.length; i += 4) {
          const far = Math.abs(data[i]! - r!) + Math.abs(data[i + 1]! - g!) + Math.abs(data[i + 2]! - b!);
          if (data[i + 3]! > 200 && far < 40) rows.add(Math.floor(i / 4 / canvas.width));
        }
        return (Math.max(...rows) - Math.min(...rows)) / canvas.height;
      });
      expect(span).toBeGreaterThan(0.3);
    });
  });

  test('says that all replicas diverged, and how far the run came', async () => {
    await withPage(async (page) => {
      await open(page);
      await fill(page, { ...ENDLESS, lr: '500', length: '5000' });
      await button(page, 'Start').click();
      await waitForStatus(page, /Diverged at step \d+/);
      const numbers = (await page.locator('.numbers').textContent())!;
      expect(Number(/(\d+) of 5000/.exec(numbers)![1])).toBeLessThan(1000);
      expect(await page.getByRole('alert').count()).toBe(0);
    });
  });

  test('labels, marks and saves a rate that was changed', async () => {
    await withPage(async (page) => {
      await open(page);
      await fill(page, { ...ENDLESS, lr: '0.02' });
      await button(page, 'Start').click();
      await waitForStep(page, 40);
      await page.getByLabel('ε while running').fill('0.3');
      await button(page, 'Change').click();
      const legend = page.locator('.legend');
      await expect
        .poll(() => legend.textContent(), { timeout: 20_000 })
        .toMatch(/ε = 0\.02 → ε = 0\.3 from step \d+/);
      const step = Number(/from step (\d+)/.exec((await legend.textContent())!)![1]);
      await waitForStep(page, step + 20);
      // Editing the form changes nothing about the curves, which say what made them.
      await button(page, 'Stop').click();
      await waitForStatus(page, /Stopped after step/);
      await fill(page, { batchSize: '77' });
      expect(await page.locator('.settings-of-run').textContent()).toMatch(/B = 16/);

      const recording = JSON.parse(`${await save(page, 'Save JSON')}`);
      expect(recording.changes).toEqual([{ step, replica: null, learningRate: 0.3 }]);
      const rate = (at: number): number =>
        recording.readings.find((reading: Reading) => reading.step === at).learningRate;
      expect([rate(step - 1), rate(step)]).toEqual([0.02, 0.3]);
      const csv = `${await save(page, 'Save CSV')}`;
      expect(csv.split('\r\n')[1]!.split(',')[3]).toBe('0.02');
    });
  });

  test('keeps the focus on a control, ends at once without an error, says why charts stay empty', async () => {
    await withPage(async (page) => {
      await open(page);
      await waitForStatus(page, /Ready/);
      const dangling = await page.evaluate(() =>
        [...document.querySelectorAll('[aria-describedby]')]
          .map((element) => element.getAttribute('aria-describedby')!)
          .filter((id) => document.getElementById(id) === null),
      );
      expect(dangling).toEqual([]);
      await fill(page, { ...ENDLESS, batchSize: '1', lr: '0.01' });
      await button(page, 'Start').focus();
      await page.keyboard.press('Enter');
      await waitForStep(page, 5);
      expect(await page.locator(':focus').textContent()).toBe('Pause');
      expect(await page.locator('[data-quantity=bSimple] .missing').textContent()).toMatch(
        /one example shows no covariance/,
      );
      // Both clicks at once: the job has no time to end by itself.
      await page.evaluate(() => {
        const press = (): void =>
          [...document.querySelectorAll('button')]
            .find((element) => /^Stop/.test(element.textContent ?? ''))!
            .click();
        press();
        press();
      });
      await waitForStatus(page, /Stopped (at once )?after step \d+/);
      expect(await page.getByRole('alert').count()).toBe(0);
    });
  });

  test('reads MNIST from beside it', async () => {
    await withPage(async (page) => {
      await open(page);
      await fill(page, { hidden: '', length: '4', lengthUnit: 'steps', measureEvery: '1' });
      await button(page, 'Start').click();
      await waitForStatus(page, /Finished after step 4/);
      await expect(page.locator('[data-quantity=accuracy] .readout').textContent()).resolves.toMatch(
        /step 4.*\d\d\.\d\d %/,
      );
    });
  });

  test('says what to do where requestAdapter gives null', async () => {
    await withPage(async (page) => {
      await inWorker(page, 'navigator.gpu.requestAdapter = () => Promise.resolve(null);');
      await open(page);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      const text = await alert.textContent();
      expect(text).toMatch(/WebGPU found no adapter/);
      expect(text).toMatch(/--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader/);
      expect(await button(page, 'Start').isDisabled()).toBe(true);
      expect(await violations(page)).toEqual([]);
    });
  });

  test('says what to do where the browser has no WebGPU', async () => {
    await withPage(async (page) => {
      await withoutWebGpu(page);
      await open(page);
      await expect(page.getByRole('alert').textContent()).resolves.toMatch(/no WebGPU.*Chrome or Edge 113/s);
    });
  });

  test('refuses settings beside their fields', async () => {
    await withPage(async (page) => {
      await open(page);
      await waitForStatus(page, /Ready/);
      await fill(page, { batchSize: '1.5', lr: '0.1, fast' });
      await button(page, 'Start').click();
      await expect(page.locator('#error-batchSize').textContent()).resolves.toMatch(/whole number.*1\.5/);
      await expect(page.locator('#error-lr').textContent()).resolves.toMatch(/“fast” is no number/);
      expect(await page.locator(':focus').getAttribute('id')).toBe('setting-batchSize');
      expect(await violations(page)).toEqual([]);
    });
  });

  test('fits a narrow screen, dark, and explains by keyboard', async () => {
    await withPage(
      async (page) => {
        await open(page);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(width).toBeLessThanOrEqual(360);
        await button(page, 'What is Simple noise scale?').press('Enter');
        const explanation = page.locator('#about-bSimple');
        expect(await explanation.isVisible()).toBe(true);
        expect(await explanation.textContent()).toMatch(/Bsimple = tr Σ \/ \|G\|².*McCandlish et al. 2018/s);
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press('Escape');
        expect(await explanation.isVisible()).toBe(false);
      },
      { viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
    );
  });
});

describe('the report', () => {
  test('of the demo draws its curves from one file, without a network', async () => {
    await inFolder(async (folder) => {
      const { stdout, stderr, exitCode } = await basin(
        ['demo', '--epochs', '0.012', '--hidden', '16'],
        folder,
      );
      expect(exitCode, stderr).toBe(0);
      const lines = stdout.trimEnd().split('\n');
      expect(lines[0]?.trim().split(/\s+/)).toEqual([
        'step',
        'loss',
        'accuracy',
        '|G|²',
        'tr',
        'Σ',
        'B_simple',
      ]);
      expect(lines.filter((line) => /^ +\d+ +\d/.test(line)).length).toBeGreaterThan(9);
      expect(lines.at(-1)).toMatch(/^test accuracy \d+\.\d\d %$/);
      await withPage(
        async (page) => {
          await page.goto(pathToFileURL(join(folder, 'report.html')).href);
          for (const { id } of quantities) {
            await expect.poll(() => colouredPixels(page, id)).toBeGreaterThan(40);
          }
          expect(await page.locator('table').textContent()).toContain(
            lines.at(-1)?.slice('test accuracy '.length),
          );
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
          expect(await violations(page)).toEqual([]);
        },
        { viewport: { width: 400, height: 800 } },
      );
    });
  });

  test('shows a noise scale that has no upper end by its lower one, in the table and to the chart', async () => {
    const spec: JobSpec = {
      job: 'train',
      data: 'mnist',
      model: { hidden: [4], activation: 'ReLU' },
      optimizer: { type: 'sgd', lr: 0.1 },
    };
    const readings = Array.from({ length: 40 }, (_, i): Reading => {
      const at = {
        replica: 0,
        step: 1 + i,
        batchSize: 64,
        learningRate: 0.1,
        temperature: 0.1 / 64,
        loss: 1,
      };
      const noise = { gradNormSq: 1, gradNormSqOfTrainingSet: -0.1, traceCovariance: 50 };
      // The first half is known, the last one only to be large: no number of it must be left.
      return i < 20
        ? { ...at, ...noise, bSimple: 236, bSimpleInterval: [180, 320], bSimpleResolved: true }
        : { ...at, ...noise, bSimple: 253_970, bSimpleInterval: [1200, null], bSimpleResolved: false };
    });
    await inFolder(async (folder) => {
      const path = join(folder, 'report.html');
      const report = { title: 'open', adapter: undefined, spec, readings, evaluations: [], result: {} };
      writeFileSync(path, renderReport(report));
      await withPage(async (page) => {
        await page.goto(pathToFileURL(path).href);
        expect(await page.locator('table').textContent()).toMatch(/≥ 1200/);
        expect(await page.locator('table').textContent()).not.toMatch(/236|253/);
        const { charts } = JSON.parse((await page.locator('#data').textContent()) ?? '');
        const [curve] = charts.find(({ id }: { id: string }) => id === 'bSimple').curves;
        expect([curve.values[19], curve.intervals[19]]).toEqual([236, [180, 320]]);
        expect([curve.values[20], curve.intervals[20]]).toEqual([null, [1200, null]]);
      });
    });
  });

  test('keeps names of the user from being read as markup', async () => {
    const data = 'a</script><b id="injected">';
    const spec: JobSpec = {
      job: 'train',
      data,
      model: { hidden: [4], activation: 'ReLU' },
      optimizer: { type: 'sgd', lr: 0.1 },
      replicas: [{ lr: 0.1, weights: data }, { lr: 0.3 }],
    };
    const report = { title: data, adapter: undefined, spec, readings: [], evaluations: [], result: {} };
    await inFolder(async (folder) => {
      const path = join(folder, 'report.html');
      writeFileSync(path, renderReport(report));
      await withPage(async (page) => {
        await page.goto(pathToFileURL(path).href);
        expect(await page.title()).toBe(data);
        expect(await page.locator('pre').textContent()).toContain(JSON.stringify(data));
        expect(await page.locator('#injected').count()).toBe(0);
        const text = await page.locator('#data').textContent();
        expect(JSON.parse(text ?? '').replicas).toEqual([`ε = 0.1, weights ${data}`, 'ε = 0.3']);
      });
    });
  });
});
