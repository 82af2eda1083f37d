import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { createServer } from 'vite';
import { describe, expect, test } from 'vitest';
import { parseKernelsReport } from '../../src/bench/compareKernels.ts';
import type { KernelsReport } from '../../src/bench/kernelsReport.ts';
import { isNoisy } from '../../src/bench/timing.ts';
import { inFolder, ROOT } from './basin.ts';
import { button, save, violations, waitForStatus, withPage as withPageOf } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

function withBench(use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  return withPageOf(
    pages.browser,
    pages.server.origin,
    async (page) => {
      await page.goto(`${pages.server.origin}/bench.html`);
      await waitForStatus(page, /Ready/);
      await use(page);
    },
    options,
  );
}

function tab(page: Page, name: string) {
  return page.getByRole('tab', { name, exact: true });
}

async function openFiles(page: Page, files: Record<string, string>): Promise<void> {
  await page.getByLabel('Reports to open').setInputFiles(
    Object.entries(files).map(([name, text]) => ({
      name,
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    })),
  );
}

/** The same run with every spread a hundredth of the median, and one row's times multiplied. */
function steady(report: KernelsReport, slower?: { id: string; factor: number }): string {
  const rows = report.rows.map((row) => {
    if (!row.time) return row;
    const factor = row.id === slower?.id ? slower.factor : 1;
    const { samples, median, q1, q3 } = row.time;
    const times = samples.map((sample) => factor * sample);
    const time = {
      median: factor * median,
      q1: factor * q1,
      q3: factor * q3,
      spread: (factor * median) / 100,
    };
    return { ...row, time: { samples: times, ...time } };
  });
  return JSON.stringify({ ...report, rows });
}

/** A quick run of one family, which other tests open as a file. */
let saved: string;

describe('the bench page', () => {
  test('runs by keyboard, shows what it timed, and saves it', async () => {
    await withBench(async (page) => {
      expect(await page.locator('.banner.warning').textContent()).toMatch(/Software adapter/);
      expect(await page.getByRole('link', { name: 'Lab' }).getAttribute('href')).toBe('./lab.html');
      await page.getByLabel(/quick/).press('Space');
      await button(page, 'reduce').press('Enter');
      expect(await button(page, 'all').getAttribute('aria-pressed')).toBe('false');
      await button(page, 'Run').press('Enter');
      expect(await violations(page)).toEqual([]);
      await waitForStatus(page, /Finished: \d+ of \d+ rows timed$/);
      expect(await page.getByRole('alert').count()).toBe(0);

      const caption = await page.locator('table.kernels caption').textContent();
      expect(caption).toMatch(/swiftshader.*software adapter \(CPU\), not a GPU’s speed.*quick run/i);
      for (const label of ['Copy bandwidth', 'fma peak', 'A dispatch', 'Submit to done', 'Read-back']) {
        const tile = page.locator('.tile').filter({ hasText: label });
        expect(await tile.locator('.value').textContent()).toMatch(/^[\d.,]+\S* (GB\/s|GFLOP\/s|µs)$/);
      }

      saved = `${await save(page, 'Save JSON')}`;
      const report = parseKernelsReport(saved, 'saved');
      expect(report).toMatchObject({ quick: true, engine: expect.stringMatching(/^Chromium \d+/) });
      expect(report.adapter.software).toBe(true);
      expect(new Set(report.rows.map(({ family }) => family))).toEqual(new Set(['reduce']));
      expect(report.rows.length).toBeGreaterThan(7);
      const cells = page.locator('[data-row]');
      expect(await cells.count()).toBe(report.rows.length);
      for (const row of report.rows) {
        expect(row.wrong, row.id).toBe(false);
        const shown = page.locator(`[data-row="${row.id}"]`);
        if (row.time) expect(await shown.locator('.time').textContent()).toMatch(/\d ± [\d.]/);
        else expect(await shown.textContent()).toContain(`not run: ${row.failed}`);
      }
      const csv = `${await save(page, 'Save CSV')}`.trim().split('\r\n');
      expect(csv).toHaveLength(1 + report.rows.length);

      const svg = `${await save(page, 'Save Roofline as SVG')}`;
      expect(svg).toMatch(/^<svg .*software adapter \(CPU\).*<\/svg>$/s);
      expect(svg).not.toMatch(/var\(|class=/);
      const png = await save(page, 'Save Roofline as PNG');
      expect(png.subarray(1, 4).toString()).toBe('PNG');
      expect(png.length).toBeGreaterThan(5000);

      // Rows are picked, and points visited, without a mouse.
      const points = page.locator('.plot-svg .point');
      expect(await points.count()).toBe(report.rows.filter(({ time }) => time).length);
      await page.locator('.plot-svg .point[tabindex="0"]').focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      const label = await page.locator(':focus').getAttribute('aria-label');
      expect(label).toMatch(/^(sum ladder|reduce) .*: .* flop\/byte, .* GFLOP\/s/);
      await page.keyboard.press('Enter');
      expect(await page.locator(':focus').getAttribute('aria-pressed')).toBe('true');
      expect(label).toContain((await page.locator('#picked-title').textContent()) ?? 'no title');
      await page.locator('.code').filter({ hasText: '@compute' }).waitFor();
      expect(await page.locator('table.bindings').textContent()).toContain('params');
      expect(await page.locator('.fact-list').textContent()).toMatch(/Grid.*Workgroup memory.*Accumulators/s);
      // As written, as linked with what it imports, and as compiled: each with its own lines numbered.
      for (const text of ['as written', 'as linked', 'as compiled']) {
        await button(page, text).press('Enter');
        const [numbers, code] = await page.locator('.code pre').allTextContents();
        expect(code, text).toContain('fn main(');
        expect(numbers!.split('\n').length, text).toBe(code!.split('\n').length);
      }
      expect(await violations(page)).toEqual([]);
    });
  });

  test('runs single versions of a ladder', async () => {
    await withBench(async (page) => {
      await page.getByLabel(/quick/).check();
      await tab(page, 'Ladders').click();
      await button(page, 'sum').click();
      const versions = page.locator('.rung-mark');
      expect(await versions.count()).toBeGreaterThan(4);
      await versions.first().focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      expect(await page.locator('#rung-title').textContent()).toMatch(/^2 /);
      await page.locator('.code').filter({ hasText: '@compute' }).waitFor();
      await button(page, 'Run version 2').click();
      await waitForStatus(page, /Finished: 1 of 1 rows timed/);
      await button(page, 'Run version 2').click();
      await waitForStatus(page, /Finished: 1 of 1 rows timed/);
      await page.locator('.figures .change').waitFor();
      expect(await versions.nth(1).textContent()).toMatch(/^2.* ms(, noisy)?$/);
      expect(await versions.nth(0).textContent()).toMatch(/^1.*not run yet$/);
      expect(await violations(page)).toEqual([]);
    });
  });

  test('compares two files, and refuses what is none', async () => {
    const report = parseKernelsReport(saved, 'saved');
    const row = report.rows.find(({ time }) => time)!;
    const timed = report.rows.filter(({ time }) => time).length;
    await withBench(
      async (page) => {
        await openFiles(page, {
          'before.json': steady(report),
          'after.json': steady(report, { id: row.id, factor: 100 }),
        });
        await page.locator('.summary').waitFor();
        expect(await tab(page, 'Compare').getAttribute('aria-selected')).toBe('true');
        expect(await page.locator('.summary').textContent()).toBe(
          `Of ${timed} rows B is faster in 0, slower in 1, and within the spread of both runs in ${timed - 1}.`,
        );
        const slower = page.locator('[data-verdict="slower"]');
        expect(await slower.textContent()).toMatch(new RegExp(`${row.title}.*100\\.000 ±`));
        expect(await page.locator('.compare-view .warning').textContent()).toMatch(/quick run/);
        await button(page, 'Swap A and B').press('Enter');
        await page.locator('[data-verdict="faster"]').waitFor();
        expect(await violations(page)).toEqual([]);

        await openFiles(page, { 'other.json': '{"bench":"step"}', 'cut.json': saved.slice(0, 100) });
        const alert = page.getByRole('alert');
        await alert.waitFor();
        const text = await alert.textContent();
        expect(text).toMatch(/other\.json.*found.*bench step.*expected "basin-bench-kernels\/1"/);
        expect(text).toMatch(/cut\.json.*is not JSON/);
        await openFiles(page, {
          'rows.json': JSON.stringify({ ...report, rows: [{ ...row, flops: 'many' }] }),
        });
        await alert.filter({ hasText: /rows\.json.*rows\.0\.flops.*expected number.*string/ }).waitFor();
        const cut = { ...row, dispatches: [{ ...row.dispatches[0], grid: [1, 2] }] };
        await openFiles(page, { 'grid.json': JSON.stringify({ ...report, rows: [cut] }) });
        await alert.filter({ hasText: /grid\.json.*rows\.0\.dispatches\.0\.grid/ }).waitFor();
        expect(await page.locator('.summary').count()).toBe(1);

        for (const name of ['Kernels', 'Ladders', 'Tile sizes']) {
          await tab(page, name).click();
          expect(await violations(page), name).toEqual([]);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(width, name).toBeLessThanOrEqual(360);
          const cut = await page.locator('svg .note text').evaluateAll((lines) =>
            lines
              .filter((line) => {
                const { right, bottom } = line.closest('svg')!.getBoundingClientRect();
                const box = line.getBoundingClientRect();
                return box.right > right || box.bottom > bottom;
              })
              .map(({ textContent }) => textContent),
          );
          expect(cut, name).toEqual([]);
        }
      },
      { viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
    );
  });

  test('opens with a run that was committed, and keeps in its address what is looked at', async () => {
    const committed = readdirSync(join(ROOT, 'bench', 'results'))
      .filter((name) => /^kernels-.*\.json$/.test(name))
      .sort();
    const reports = committed.map((name) =>
      parseKernelsReport(readFileSync(join(ROOT, 'bench', 'results', name), 'utf8'), name),
    );
    const software = reports.find(({ adapter }) => adapter.software)!;
    const noisy = software.rows.filter(({ time }) => time && isNoisy(time));
    const slow = software.rows.find(({ time }) => time)!;
    await withBench(
      async (page) => {
        // Of software, as what this page computes on is.
        await expect.poll(() => page.locator('[data-row]').count()).toBe(software.rows.length);
        expect(await page.locator('.caption-note').textContent()).toContain(`${noisy.length} of `);
        expect(await page.locator(`[data-row="${noisy[0]!.id}"] .noisy`).getAttribute('title')).toMatch(
          /Not to be quoted: .* % of the median/,
        );
        const options = await page.getByLabel('Shown').locator('option').allTextContents();
        expect(options.slice(1).map((option) => option.split(/[ ,]/)[0])).toEqual(
          committed.map((name) => name.replace(/^kernels-|\.json$/g, '')),
        );
        // What a point is called stands above the plot.
        const [label, ...points] = await page
          .locator('.plot-svg .label, .plot-svg .point')
          .evaluateAll((marks) =>
            [...marks]
              .sort((a, b) => Number(b.matches('.label')) - Number(a.matches('.label')))
              .map((mark) => mark.getBoundingClientRect().toJSON() as { top: number; bottom: number }),
          );
        expect(points.length).toBeGreaterThan(5);
        expect(points.filter(({ top }) => top < label!.bottom)).toEqual([]);

        await page.locator(`[data-row="${slow.id}"] button`).click();
        await tab(page, 'Ladders').click();
        await button(page, 'sum').click();
        await page.locator('.rung-mark').nth(4).click();
        await button(page, 'GFLOP/s').click();
        const address = page.url();
        await page.reload();
        expect(await button(page, 'sum').getAttribute('aria-pressed')).toBe('true');
        expect(await button(page, 'GFLOP/s').getAttribute('aria-pressed')).toBe('true');
        expect(await page.locator('#rung-title').textContent()).toMatch(/^5 /);
        expect(page.url()).toBe(address);
        await page.goBack();
        await page.locator('#picked-title').filter({ hasText: slow.shape }).waitFor();

        // The two runs that came with the page are compared before any was chosen.
        await tab(page, 'Compare').click();
        await page.locator('.summary').waitFor();
        await page
          .locator('.compare-view .warning')
          .filter({ hasText: /the adapters differ/ })
          .waitFor();

        await tab(page, 'Libraries').click();
        const times = page.locator('table.libraries');
        await times.waitFor();
        await page.getByLabel('Result').selectOption('peers-chromium-swiftshader');
        await times.filter({ hasText: /jax-js.*TensorFlow\.js.*matmul NN 256×256×256.* ×/s }).waitFor();
        expect(page.url()).toContain('#libraries?');
        expect(await violations(page)).toEqual([]);
      },
      { viewport: { width: 1024, height: 800 } },
    );
  });

  test('begins with figures on a phone', async () => {
    await withBench(
      async (page) => {
        const table = page.locator('table.kernels');
        await table.waitFor();
        const { y } = (await table.boundingBox())!;
        expect(y).toBeLessThan(660);
        // Every column can be scrolled to, and the kernel's name stays beside it.
        const region = page.getByRole('region', { name: 'Table of kernels' });
        await region.evaluate((element) => element.scrollTo({ left: element.scrollWidth }));
        const [name, error] = await Promise.all(
          ['th[scope="row"]', 'td:last-child'].map((cell) =>
            page.locator('[data-row]').first().locator(cell).boundingBox(),
          ),
        );
        expect(name!.x).toBeGreaterThanOrEqual(0);
        expect(error!.x + error!.width).toBeLessThanOrEqual(390);
        await page.getByText(/^Families: all$/).click();
        await button(page, 'reduce').click();
        await page.getByText(/^Families: reduce$/).waitFor();
        for (const name of ['Kernels', 'Ladders', 'Editor', 'Libraries', 'Compare']) {
          await tab(page, name).click();
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(width, name).toBeLessThanOrEqual(390);
        }
        expect(await violations(page)).toEqual([]);
      },
      { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
    );
  });
});

describe('the bench page under npm run dev', () => {
  test('checks and times a kernel again when its file is written', async () => {
    await inFolder(async (folder) => {
      for (const name of ['src', 'shaders', 'package.json', 'vite.config.ts', 'tsconfig.json']) {
        cpSync(join(ROOT, name), join(folder, name), { recursive: true });
      }
      mkdirSync(join(folder, 'bench', 'results'), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const dev = await createServer({
        configFile: join(folder, 'vite.config.ts'),
        cacheDir: join(folder, '.cache'),
        mode: 'development',
        logLevel: 'silent',
        server: { host: '127.0.0.1', port: 0 },
      });
      await dev.listen();
      const { port } = dev.httpServer!.address() as AddressInfo;
      const origin = `http://127.0.0.1:${port}`;
      try {
        await withPageOf(pages.browser, origin, (page) => editKernel(page, origin, folder));
      } finally {
        await dev.close();
      }
    });
    // Each worker asks for some hundred modules.
  }, 240_000);

  async function editKernel(page: Page, origin: string, folder: string): Promise<void> {
    const path = join(folder, 'shaders', 'ladder', 'sumSerial.wgsl');
    const written = readFileSync(path, 'utf8');
    const edit = (from: string, to: string) => {
      expect(written).toContain(from);
      writeFileSync(path, written.replace(from, to));
    };
    await page.goto(`${origin}/bench.html#ladders`);
    await waitForStatus(page, /Ready/);
    await page.getByLabel(/quick/).check();
    await button(page, 'sum').click();
    await button(page, 'Run version 1').click();
    await waitForStatus(page, /Finished: 1 of 1 rows timed/);
    expect(await page.locator('.figures .change').count()).toBe(0);

    edit('sum += x[base + i];', 'sum += 1.0 * x[base + i];');
    await page.locator('.figures .change').filter({ hasText: / %/ }).waitFor({ timeout: 60_000 });
    await waitForStatus(page, /Finished: 1 of 1 rows timed/);
    expect(await page.locator('.code').textContent()).toContain('sum += 1.0 * x[base + i];');
    await tab(page, 'Kernels').click();
    const row = page.locator('[data-row*="sum ladder 1"]');
    expect(await row.locator('.change').getAttribute('title')).toMatch(/^was [\d.]+.* ms$/);

    edit('sum += x[base + i];', 'sum += 2.0 * x[base + i];');
    await waitForStatus(page, /Finished: 0 of 1 rows timed, 1 of them wrong/);
    expect(await row.locator('.time').textContent()).toBe('WRONG');

    edit('yOffset: u32', 'zOffset: u32');
    await page
      .getByRole('alert')
      .filter({ hasText: /sumSerial\.wgsl: Params lacks yOffset/ })
      .waitFor();
  }
});
