import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { ExperimentResult } from '../../src/experiments/experimentResult.ts';
import { experiments } from '../../src/experiments/index.ts';
import { button, save, violations, waitForStatus, withPage as withPageOf } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

const SMALL: Record<string, string> = {
  data: 'gaussian-clusters?examples=600&test=0&classes=4&dims=8',
  hidden: '8',
  examples: '70',
  draws: '3',
  probes: '2',
  checkpoints: '20, 60',
};

async function open(page: Page, protocol = SMALL): Promise<void> {
  await page.goto(`${pages.server.origin}/experiments.html#optimal-step`);
  await waitForStatus(page, /Ready/);
  await page.getByText(/^Protocol, version 2/).click();
  for (const [part, value] of Object.entries(protocol)) await page.locator(`#part-${part}`).fill(value);
}

/** By its id, which others' statements may hold too. */
function claimOf(page: Page, id: string): Locator {
  const name = page.locator('strong', { hasText: new RegExp(`^${id}$`) });
  return page.locator('.claim').filter({ has: name });
}

const phase = (page: Page): Promise<string | null> => page.locator('.numbers').textContent();

describe('the page of experiments', () => {
  test('shows every claim of the list with its source, runs one to its verdict, pauses, and draws its curves', async () => {
    await withPageOf(pages.browser, pages.server.origin, async (page) => {
      await open(page);
      expect(await page.locator('.claim').count()).toBe(experiments.length);
      for (const { id, statement, source } of experiments) {
        const text = await claimOf(page, id).textContent();
        expect(text).toContain(statement);
        expect(text).toContain(source);
      }
      await button(page, 'Run').click();
      await expect
        .poll(() => page.locator('.panel svg[role=img]').count(), { timeout: 60_000 })
        .toBeGreaterThan(0);
      await button(page, 'Pause').click();
      await waitForStatus(page, /Paused/);
      // What is on its way may still arrive: one step of the work, a compilation with it.
      let paused: string | null = '';
      for (let tries = 0; tries < 3 && (await phase(page)) !== paused; tries++) {
        paused = await phase(page);
        await page.waitForTimeout(2000);
      }
      expect(await phase(page)).toBe(paused);
      await page.waitForTimeout(1000);
      expect(await phase(page)).toBe(paused);
      await button(page, 'Resume').click();
      await waitForStatus(page, /Finished: inconclusive/, 110_000);

      const outcome = page.locator('.outcome');
      expect(await outcome.locator('h2').textContent()).toBe('optimal-step, quick: inconclusive');
      const text = await outcome.textContent();
      for (const part of [
        'ε_max at step 20',
        '0.667 to 1.5',
        'predictions of 1 step on',
        'ε_opt(B) ∝ B^0.6',
      ]) {
        expect(text).toContain(part);
      }
      // A chart for each effect, and one for each series with a curve for each cell.
      expect(await outcome.locator('.panel .whisker line').count()).toBeGreaterThan(0);
      expect(await outcome.locator('.panel svg[role=img]').count()).toBe(4);
      const curves = page.locator('.panel', { hasText: 'Loss of the trunk' });
      expect(await curves.locator('.curve path').count()).toBe(4);
      const result: ExperimentResult = JSON.parse(`${await save(page, 'Save JSON')}`);
      expect(result.outcome!.reason).toBe(await outcome.locator('.reason').textContent());
      expect(result.protocol).toMatchObject({ draws: 3, checkpoints: [20, 60], seed: 0 });
      expect(await violations(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 800 });
      const width = () => page.evaluate(() => document.documentElement.scrollWidth);
      await expect.poll(width).toBeLessThanOrEqual(390);
    });
  });

  test('stops between cells or within one, says that nothing is judged, and refuses what cannot be', async () => {
    await withPageOf(
      pages.browser,
      pages.server.origin,
      async (page) => {
        await open(page, { ...SMALL, draws: '2000' });
        await button(page, 'Run').click();
        await expect.poll(() => phase(page), { timeout: 60_000 }).toMatch(/measuring at step 20.*draws/);
        await button(page, 'Stop').click();
        await waitForStatus(page, /Stopped before the first cell was done/);
        expect(await page.locator('.outcome').textContent()).toMatch(
          /4 of 4 cells are missing, so nothing is judged/,
        );

        await page.locator('#part-draws').fill('many');
        await button(page, 'Run').click();
        expect(await page.getByRole('alert').textContent()).toMatch(/draws: is NaN, expected a whole number/);
        await claimOf(page, 'critical-batch').click();
        expect(await page.locator('.setup').textContent()).toMatch(/steps of a unit at which it branches/);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
        expect(await violations(page)).toEqual([]);
      },
      { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    );
  });
});
