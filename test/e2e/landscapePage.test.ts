import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { LandscapeResult } from '../../src/measure/landscape/landscapeResult.ts';
import { landscapeFigure } from '../../src/present/figures/landscapeFigure.ts';
import { ROOT } from './basin.ts';
import { button, save, violations, waitForStatus, withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

async function withExample(page: Page): Promise<void> {
  await page.goto(`${pages.server.origin}/landscape.html`);
  await waitForStatus(page, /Ready/);
  await button(page, 'Train an example').click();
  await waitForStatus(page, /2 files taken/);
}

async function find(
  page: Page,
  kind: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  await page.getByRole('radio', { name: kind }).check();
  for (const [name, value] of Object.entries(settings)) {
    await page.getByRole('textbox', { name, exact: true }).fill(value);
  }
  await button(page, 'Run').click();
  await waitForStatus(page, /^Finished/, 100_000);
  await page.locator('.outcome .drawing > svg').waitFor();
}

/** Texts of the figure that reach beyond it, or that lie over one another. */
function misplaced(page: Page): Promise<string[]> {
  return page.locator('.outcome .drawing > svg').evaluate((svg) => {
    const edge = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map((text) => ({
      content: text.textContent ?? '',
      box: text.getBoundingClientRect(),
    }));
    const beyond = texts.filter(
      ({ box }) =>
        box.left < edge.left - 0.5 ||
        box.right > edge.right + 0.5 ||
        box.top < edge.top - 0.5 ||
        box.bottom > edge.bottom + 0.5,
    );
    const over = texts.flatMap((a, i) =>
      texts
        .slice(i + 1)
        .filter(
          (b) =>
            a.box.left < b.box.right - 1 &&
            b.box.left < a.box.right - 1 &&
            a.box.top < b.box.bottom - 3 &&
            b.box.top < a.box.bottom - 3,
        )
        .map((b) => `${a.content} over ${b.content}`),
    );
    return [...beyond.map(({ content }) => `${content} is cut off`), ...over];
  });
}

describe('the page of landscapes', () => {
  test('trains an example, draws a line and a plane as the command line does, saves them, and asks no other machine', async () => {
    await withPage(pages.browser, pages.server.origin, async (page) => {
      // What a strict host of the page would say: no style but that of the page's own files.
      await page.route('**/landscape.html', async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), 'content-security-policy': "style-src 'self'" };
        await route.fulfill({ response, headers });
      });
      await withExample(page);
      const { figureText } = await import(pathToFileURL(join(ROOT, 'dist', 'figures.js')).href);
      for (const [kind, settings] of [
        ['Line', { Points: '9' }],
        ['Plane', { 'Points along x and y': '9, 7' }],
      ] as const) {
        await find(page, kind, settings);
        expect(await misplaced(page)).toEqual([]);
        const result: LandscapeResult = JSON.parse(`${await save(page, 'Save JSON')}`);
        expect(`${await save(page, 'Save SVG')}`).toBe(figureText(landscapeFigure(result)));
        expect(await violations(page)).toEqual([]);
        if (result.kind === 'line') {
          expect(result.points.map(({ t }) => t)).toEqual([
            -1, -0.625, -0.25, 0.125, 0.5, 0.875, 1.25, 1.625, 2,
          ]);
          // The two networks are trained, and the middle between them is not.
          expect(result.points[4]!.loss).toBeGreaterThan(result.points[5]!.loss!);
          expect(await page.locator('.numbers-table tbody tr').count()).toBe(9);
        } else if (result.kind === 'plane') {
          expect(Object.keys(result.marks)).toEqual(['1', '2', '3']);
          expect([result.loss.length, result.loss[0]!.length]).toEqual([7, 9]);
        }
      }
    });
  });

  test('draws rays on a narrow dark screen, and says what is missing or refused', async () => {
    await withPage(
      pages.browser,
      pages.server.origin,
      async (page) => {
        await page.goto(`${pages.server.origin}/landscape.html`);
        await waitForStatus(page, /Ready/);
        await button(page, 'Run').click();
        expect(await page.locator('#error-files').textContent()).toBe('Expected a model.json.');
        await page
          .locator('#setting-files')
          .setInputFiles({ name: 'cut.safetensors', mimeType: '', buffer: Buffer.from('short') });
        await page.getByRole('alert').waitFor();
        expect(await page.getByRole('alert').textContent()).toContain('cut.safetensors');
        expect(await page.locator('.given li').count()).toBe(0);

        await button(page, 'Train an example').click();
        await waitForStatus(page, /2 files taken/);
        await page.getByRole('radio', { name: 'Rays' }).check();
        await page.getByRole('textbox', { name: 'Rays', exact: true }).fill('none');
        await button(page, 'Run').click();
        expect(await page.locator('#error-rays').textContent()).toMatch(/“none” is no number/);
        await find(page, 'Rays', { Rays: '4', 'Points of each': '6' });
        expect(await misplaced(page)).toEqual([]);
        const ground = page.locator('.outcome .drawing > svg > rect');
        expect(await ground.getAttribute('fill')).toBe('#191f27');
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
        expect(await violations(page)).toEqual([]);
      },
      { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    );
  });
});
