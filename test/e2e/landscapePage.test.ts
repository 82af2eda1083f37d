import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type {
  LandscapeResult,
  LineResult,
  PlaneResult,
} from '../../src/measure/landscape/landscapeResult.ts';
import type { landscapeFigure } from '../../src/present/figures/landscapeFigure.ts';
import { formatNumber } from '../../src/present/formatNumber.ts';
import { ROOT } from './basin.ts';
import { button, save, violations, waitForStatus, withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

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
  await page.locator('.outcome .drawing > svg').first().waitFor();
}

/** Texts of the charts that reach beyond them, or that lie over one another. */
function misplaced(page: Page): Promise<string[]> {
  return page.locator('.outcome .drawing > svg').evaluateAll((charts) =>
    charts.flatMap((svg) => {
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
    }),
  );
}

/** What the command line draws of a result. */
async function drawn(...of: Parameters<typeof landscapeFigure>): Promise<string> {
  const { figureText } = await import(pathToFileURL(join(ROOT, 'dist', 'figures.js')).href);
  const { landscapeFigure } = await import('../../src/present/figures/landscapeFigure.ts');
  return figureText(landscapeFigure(...of));
}

/** The result, once its charts are known to be faultless and its file to be the command line's. */
async function checked(page: Page, look?: Parameters<typeof landscapeFigure>[1]): Promise<LandscapeResult> {
  expect(await misplaced(page)).toEqual([]);
  const result: LandscapeResult = JSON.parse(`${await save(page, 'Save JSON')}`);
  expect(`${await save(page, 'Save SVG')}`).toBe(await drawn(result, look));
  expect(await violations(page)).toEqual([]);
  return result;
}

describe('the page of landscapes', () => {
  test('the example: a line, a plane with its trajectories and a slice, from an address that brings them again', async () => {
    await withPage(pages.browser, pages.server.origin, async (page) => {
      // What a strict host of the page would say: no style but that of the page's own files.
      await page.route('**/landscape.html', async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), 'content-security-policy': "style-src 'self'" };
        await route.fulfill({ response, headers });
      });
      await page.goto(`${pages.server.origin}/landscape.html#line?points=9`);
      await waitForStatus(page, /Ready/);
      await button(page, 'Try an example').click();
      await waitForStatus(page, /^Finished/, 100_000);
      await page.locator('.outcome .drawing > svg').first().waitFor();
      const line = (await checked(page)) as LineResult;
      expect(line.points.map(({ t }) => t)).toEqual([-1, -0.625, -0.25, 0.125, 0.5, 0.875, 1.25, 1.625, 2]);
      // The two networks are trained, and the middle between them is not.
      expect(line.points[4]!.loss).toBeGreaterThan(line.points[5]!.loss!);
      expect(await page.locator('.numbers-table tbody tr').count()).toBe(9);
      // One cursor reads all curves.
      await page.locator('.over').hover({ position: { x: 200, y: 80 } });
      expect(await page.locator('.readout').textContent()).toMatch(
        /^t .*training loss .*test accuracy \(%\)/,
      );

      await page.getByRole('radio', { name: 'Plane' }).check();
      await page.getByLabel('Marks').selectOption('all other weights, as trajectories');
      await find(page, 'Plane', { 'Points along x and y': '9, 7' });
      const steps = [25, 50, 100, 200];
      const trajectories = [0, 1, 2].map((run) => [
        ...steps.map((step) => `example-${step}.safetensors: replica.${run}`),
        `${run + 1}`,
      ]);
      const plane = (await checked(page, { beside: 'error', trajectories })) as PlaneResult;
      expect(Object.keys(plane.marks).slice(0, 3)).toEqual(['1', '2', '3']);
      expect(Object.keys(plane.marks)).toHaveLength(3 + 3 + 12);
      expect([plane.loss.length, plane.loss[0]!.length]).toEqual([7, 9]);

      // The slice: by the keyboard, and dragged.
      const slice = () => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('slice');
      expect(slice()).toBe(null);
      const start = page.getByRole('slider', { name: 'Start of the slice' });
      await start.focus();
      await page.keyboard.press('ArrowUp');
      await expect.poll(slice).not.toBe(null);
      const moved = slice();
      expect(Number(moved!.split(',')[1])).toBeGreaterThan(0);
      expect(await page.locator('.readout').textContent()).toContain('test loss');
      const box = (await page.getByRole('slider', { name: 'End of the slice' }).boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x - 40, box.y - 60, { steps: 3 });
      await page.mouse.up();
      await expect.poll(slice).not.toBe(moved);

      // Through w1 and w2 the computed losses are the line's.
      const { x } = plane.marks['2']!;
      await page.evaluate((end) => {
        location.hash = location.hash.replace(/slice=[^&]*/, `slice=0,0,${end},0`);
      }, x);
      await button(page, 'Test loss, by the same levels').click();
      await button(page, 'Compute along the slice').click();
      await waitForStatus(page, /^Computed along the slice/);
      const described = await page.locator('.slice-chart desc').textContent();
      await find(page, 'Line', { Points: '4', 'From t to t': '0, 3' });
      const { points } = JSON.parse(`${await save(page, 'Save JSON')}`) as LineResult;
      expect(points[1]!.t).toBe(1);
      for (const [name, loss] of [
        ['training loss', points[1]!.loss],
        ['test loss', points[1]!.testLoss],
      ] as const) {
        expect(described).toContain(`${name}, computed ${formatNumber(loss, 3)} at ${formatNumber(x, 4)}`);
      }

      // The same again from its address alone.
      await page.goto('about:blank');
      const shared = `#plane?example=1&points=5,4&slice=0,0,1,1&beside=loss`;
      await page.goto(`${pages.server.origin}/landscape.html${shared}`);
      await waitForStatus(page, /^Finished/, 100_000);
      await page.locator('.slice-chart .drawing > svg').waitFor();
      expect(new URL(page.url()).hash).toBe(shared);
      const again = (await checked(page, { beside: 'loss', trajectories: [] })) as PlaneResult;
      expect(again.marks['2']).toEqual(plane.marks['2']);
    });
  });

  test('draws rays on a narrow dark screen, and says what is missing or refused', async () => {
    await withPage(
      pages.browser,
      pages.server.origin,
      async (page) => {
        await page.goto(`${pages.server.origin}/landscape.html#rays`);
        await waitForStatus(page, /Ready/);
        await button(page, 'Run').click();
        expect(await page.locator('#error-files').textContent()).toBe('Expected a model.json.');
        await page
          .locator('#setting-files')
          .setInputFiles({ name: 'cut.safetensors', mimeType: '', buffer: Buffer.from('short') });
        await page.getByRole('alert').waitFor();
        expect(await page.getByRole('alert').textContent()).toContain('cut.safetensors');
        expect(await page.locator('.given li').count()).toBe(0);

        await page.getByRole('textbox', { name: 'Points of each', exact: true }).fill('3');
        await button(page, 'Try an example').click();
        await waitForStatus(page, /^Finished/, 100_000);
        await page.getByRole('textbox', { name: 'Rays', exact: true }).fill('none');
        await button(page, 'Run').click();
        expect(await page.locator('#error-rays').textContent()).toMatch(/“none” is no number/);
        await find(page, 'Rays', { Rays: '4', 'Points of each': '6' });
        expect(await misplaced(page)).toEqual([]);
        expect(await page.locator('.linked-chart').count()).toBe(4);
        expect(await page.locator('.command code').textContent()).toMatch(
          /^basin landscape rays --model example\.json .* --weights example\.safetensors#replica\.0\. --rays 4 --points 6$/,
        );
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
        expect(await violations(page)).toEqual([]);

        // While it runs, too.
        await page.getByRole('textbox', { name: 'Rays', exact: true }).fill('20000');
        await button(page, 'Run').click();
        await page.locator('.run-bar .numbers', { hasText: 'points' }).waitFor();
        expect(await violations(page)).toEqual([]);
        await button(page, 'Stop').click();
        await waitForStatus(page, /^Stopped: nothing is kept/);
      },
      { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    );
  });
});
