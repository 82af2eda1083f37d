import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { SITE_PAGES } from '../../src/web/sitePages.ts';
import { button, violations, waitForStatus, withoutWebGpu, withPage } from './browserPage.ts';
import { misplacedTexts, noteCanvasTexts, writtenCharts } from './canvasTexts.ts';
import { fill, waitForStep } from './labPage.ts';
import { layoutShift } from './layoutShift.ts';
import { servedPages } from './servedPages.ts';

const served = servedPages();

/** The narrow one last: what is looked at there is looked at once. */
const WIDTHS = [1440, 1024, 390];
const NARROW = { viewport: { width: 390, height: 844 } };
/** Room for a y-axis’s labels, in px. */
const AXIS = 58;

/** Waits until what watches the window’s size and colours has drawn anew. */
async function drawnAnew(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))));
}

/** Looks at a page in each window, light and dark. */
async function inEachWindow(page: Page, look: (where: string) => Promise<void>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await drawnAnew(page);
      await look(`${width} px, ${colorScheme}`);
    }
  }
}

/** How far a page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

describe.each(SITE_PAGES.filter(({ name }) => name !== 'Docs'))('$name', ({ href }) => {
  test('fits each window, light and dark, moves nothing about, and holds for axe', async () => {
    const { origin } = served.server;
    await withPage(served.browser, origin, async (page) => {
      await page.goto(`${origin}/${href}`, { waitUntil: 'networkidle' });
      await inEachWindow(page, async (where) => {
        expect(await overflow(page), where).toBeLessThanOrEqual(0);
        if (where.startsWith('390')) expect(await violations(page), where).toEqual([]);
      });
      expect(await layoutShift(page)).toBeLessThan(0.02);
    });
  });

  test('is whole where there is no WebGPU, on a phone', async () => {
    const { origin } = served.server;
    await withPage(
      served.browser,
      origin,
      async (page) => {
        await withoutWebGpu(page);
        await page.goto(`${origin}/${href}`, { waitUntil: 'networkidle' });
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(await violations(page)).toEqual([]);
        expect(await layoutShift(page)).toBeLessThan(0.02);
      },
      NARROW,
    );
  });
});

test('the Lab’s charts keep their labels in each window, light and dark, while a run goes on and after it', async () => {
  const { origin } = served.server;
  await withPage(served.browser, origin, async (page) => {
    await noteCanvasTexts(page);
    await page.goto(`${origin}/lab.html`);
    await waitForStatus(page, /Ready/);
    await fill(page, {
      data: 'gaussian-clusters',
      hidden: '16',
      batchSize: '16',
      // The other one diverges: its marks are written too, and it leaves the axes their labels.
      lr: '0.05, 500',
      length: '1000000',
      lengthUnit: 'steps',
      measureEvery: '1',
      evaluateEvery: '50',
    });
    await button(page, 'Start').click();
    await waitForStep(page, 150);
    const labels = async (where: string): Promise<void> => {
      expect(await overflow(page), where).toBeLessThanOrEqual(0);
      const charts = await writtenCharts(page);
      expect(charts.length).toBeGreaterThan(3);
      expect(misplacedTexts(charts), where).toEqual([]);
      for (const { id, texts } of charts) {
        const beside = texts.filter(({ right }) => right <= AXIS).map(({ text }) => text);
        expect(beside.length, `${id} at ${where}: ${beside}`).toBeGreaterThanOrEqual(3);
      }
      if (where.startsWith('390')) expect(await violations(page), where).toEqual([]);
    };
    await inEachWindow(page, labels);
    expect(await page.locator(':focus').textContent()).toBe('Pause');
    await button(page, 'Stop').click();
    await waitForStatus(page, /Stopped after step/);
    await inEachWindow(page, labels);
    expect(await layoutShift(page)).toBeLessThan(0.02);
  });
});
