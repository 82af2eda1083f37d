import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { FIGURES } from '../../src/web/article/figures/index.ts';
import { violations, withoutWebGpu, withPage } from './browserPage.ts';
import { layoutShift } from './layoutShift.ts';
import { scriptWeight } from './scriptWeight.ts';
import { servedPages } from './servedPages.ts';

const served = servedPages();

const figure = (page: Page, id: string) => page.locator(`[data-figure=${id}]`);

async function computed(page: Page, id: string): Promise<void> {
  await figure(page, id)
    .locator('.provenance')
    .filter({ hasText: /Computed here on .*swiftshader.* in [\d.]+ s/ })
    .waitFor({ timeout: 60_000 });
}

describe('the article', () => {
  test('computes each figure here, keeps its sliders in the address, and explains its symbols', async () => {
    const { origin } = served.server;
    await withPage(served.browser, origin, async (page) => {
      await page.goto(`${origin}/index.html#noise-scale=256`);
      // What came with the page is there before anything is computed, and is said to be that.
      const first = figure(page, 'learning-rate');
      await first.locator('.drawing svg').first().waitFor();
      await expect.poll(() => first.locator('.provenance').textContent()).toMatch(/Came with|Comput/);
      expect(await scriptWeight(page)).toBeLessThan(150);
      await computed(page, 'learning-rate');
      expect(await first.locator('.finding').textContent()).toMatch(
        /^At B = 16 the best of these rates is ε = 0\.\d+/,
      );

      // By the keyboard: another run, whose value the address holds.
      await first.getByRole('slider').focus();
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => first.locator('.finding').textContent()).toMatch(/^At B = 32 /);
      expect(new URL(page.url()).hash).toBe('#noise-scale=256&learning-rate=32');
      await computed(page, 'learning-rate');

      // A symbol says what it means, is lit in the equation, and marks its curve.
      const equation = page.locator('.equation[data-of=learning-rate]');
      expect(await equation.locator('.formula-place math .lit').count()).toBe(0);
      await equation.getByRole('button', { name: 'batch size' }).focus();
      expect(await equation.locator('.meaning').textContent()).toBe('examples a step, set by the slider');
      expect(await equation.locator('.formula-place math .lit').count()).toBeGreaterThan(0);

      for (const { id } of FIGURES.slice(1)) {
        await figure(page, id).scrollIntoViewIfNeeded();
        await computed(page, id);
        expect(await figure(page, id).locator('.finding').textContent(), id).toMatch(/\d.*\.$/);
        expect(await figure(page, id).locator('.drawing svg').count(), id).toBeGreaterThan(0);
      }
      expect(await figure(page, 'noise-scale').locator('output').textContent()).toMatch(/B = 256/);
      expect(await violations(page)).toEqual([]);
      expect(await layoutShift(page)).toBeLessThan(0.02);

      await page.reload();
      await expect.poll(() => first.locator('output').textContent()).toMatch(/B = 32/);
    });
  });

  test('is whole without WebGPU, on a small screen and in the dark', async () => {
    const { origin } = served.server;
    await withPage(
      served.browser,
      origin,
      async (page) => {
        await withoutWebGpu(page);
        await page.goto(`${origin}/`);
        for (const { id } of FIGURES) {
          const place = figure(page, id);
          await place.scrollIntoViewIfNeeded();
          await place.locator('.drawing svg').first().waitFor();
          expect(await place.locator('.finding').textContent(), id).toMatch(/\d.*\.$/);
          await expect
            .poll(() => place.locator('.provenance').textContent())
            .toMatch(/^Came with the page, computed on .*swiftshader.*no WebGPU adapter/);
        }
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
        expect(await violations(page)).toEqual([]);
        // Another value of a slider has its bundled run.
        const last = figure(page, 'averaging');
        await last.getByRole('slider').focus();
        await page.keyboard.press('End');
        await expect.poll(() => last.locator('.finding').textContent()).toMatch(/^At B = 64 /);
      },
      { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
    );
  });
});
