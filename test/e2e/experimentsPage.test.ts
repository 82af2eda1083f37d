import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { ExperimentResult } from '../../src/experiments/experimentResult.ts';
import { experiments } from '../../src/experiments/index.ts';
import type { Results } from '../../src/experiments/reproduction/results.ts';
import { ROOT } from './basin.ts';
import { button, save, violations, waitForStatus, withoutWebGpu, withPage } from './browserPage.ts';
import { expectEffectsOfCsv } from './claimRuns.ts';
import { scriptWeight } from './scriptWeight.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

/** Of optimal-step: four cells, each of a second or two. */
const SMALL = new URLSearchParams({
  data: 'gaussian-clusters?examples=600&test=0&classes=4&dims=8',
  hidden: '8',
  examples: '70',
  draws: '3',
  probes: '2',
  checkpoints: '20,60',
});

/** The run that comes with the pages, where one is there. */
const file = join(ROOT, 'bench/results/reproduction/results.json');
const bundled: Results | null = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;

const addressOf = (fragment: string): string => `${pages.server.origin}/experiments.html#${fragment}`;

/** Another state of the page's address, as a link leads to it. */
async function goTo(page: Page, fragment: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, fragment);
}

async function fits(page: Page): Promise<void> {
  for (const width of [320, 390, 1024, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: `at ${width} px` })
      .toBeLessThanOrEqual(width);
  }
}

const numbers = (page: Page): Promise<string | null> => page.locator('.run-bar .numbers').textContent();

describe('the page of experiments', () => {
  test('lists every claim, as a picture and with its sentence, by paper and verdict, and the address holds it', async () => {
    await withPage(pages.browser, pages.server.origin, async (page) => {
      await page.goto(addressOf('view=list'));
      const rows = page.locator('.claim');
      await expect.poll(() => rows.count()).toBe(experiments.length);
      expect(await scriptWeight(page)).toBeLessThan(150);
      const texts = await rows.allTextContents();
      experiments.forEach(({ statement, source }) => {
        expect(texts.some((text) => text.includes(statement) && text.includes(source))).toBe(true);
      });
      const told = await page.locator('.claim-list').textContent();
      if (bundled) {
        for (const { id, verdict, version } of bundled.claims) {
          if (experiments.find((each) => each.id === id)?.version !== version) continue;
          const row = rows.filter({ has: page.locator(`a[href="#${id}"]`) });
          expect(await row.locator('.verdict').textContent()).toBe(verdict);
        }
      } else expect(told).toContain('No run came with this page');
      expect(await violations(page)).toEqual([]);
      await fits(page);

      const own = experiments.filter(({ record }) => record?.paper === 'keskar').length;
      await button(page, `Keskar et al. 2017 (${own})`).click();
      await button(page, 'Picture').click();
      expect(await rows.count()).toBe(own);
      expect(await page.locator('.claim p').count()).toBe(0);
      expect(new URL(page.url()).hash).toMatch(/paper=keskar/);
      await page.reload();
      await expect.poll(() => rows.count()).toBe(own);
      expect(await page.locator('.claim p').count()).toBe(0);
      await fits(page);

      // To a claim, and back to where it was left.
      const link = page.locator('.claim a').nth(2);
      const id = await link.textContent();
      await link.click();
      await page.locator('.claim-page').waitFor();
      expect(await page.title()).toBe(`Basin: ${id}`);
      await page.goBack();
      await expect.poll(() => rows.count()).toBe(own);
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(id);
      await goTo(page, 'no-such-claim');
      expect(await page.getByRole('alert').textContent()).toMatch(/No claim is called “no-such-claim”/);
    });
  });

  test('runs a claim, goes on with it after a reload, and comes to the numbers of its CSV', async () => {
    await withPage(pages.browser, pages.server.origin, async (page) => {
      await page.goto(addressOf(`optimal-step?${SMALL}`));
      await waitForStatus(page, /Ready/);
      const record = await page.locator('.record').textContent();
      expect(record).toContain(experiments.find(({ id }) => id === 'optimal-step')!.record!.prediction);
      await expect
        .poll(() => page.locator('.cost').textContent())
        .toMatch(/^4 cells; about .* MiB of GPU memory/);
      expect(await page.locator('#part-draws').inputValue()).toBe('3');
      await expect
        .poll(() => page.locator('.cost').textContent(), { timeout: 60_000 })
        .toMatch(/on this adapter/);
      await button(page, 'Run').click();
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Stop');
      await expect
        .poll(() => page.locator('.curves .panel svg[role=img]').count(), { timeout: 60_000 })
        .toBeGreaterThan(0);
      await button(page, 'Pause').click();
      await waitForStatus(page, /Paused/);
      await button(page, 'Resume').click();
      await expect.poll(() => numbers(page), { timeout: 90_000 }).toMatch(/[123] of 4 cells/);

      await page.reload();
      await waitForStatus(page, /Interrupted after [123] of 4 cells, which are kept/);
      await button(page, 'Go on').click();
      await waitForStatus(page, /Finished: inconclusive/, 110_000);
      const outcome = page.locator('.outcome');
      const text = await outcome.textContent();
      for (const part of ['ε_max at step 20', '[0.667, 1.5]', 'predictions of 1 step on', 'ε_opt(B) ∝ B^0.6'])
        expect(text).toContain(part);
      await expect.poll(() => outcome.locator('.panel svg[role=img]').count()).toBe(4);
      expect(await outcome.locator('.panel .whisker line').count()).toBeGreaterThan(0);
      expect(await expectEffectsOfCsv(page)).toBe(9);
      const resumed: ExperimentResult = JSON.parse(`${await save(page, 'Save JSON')}`);
      expect(resumed.outcome!.reason).toBe(await outcome.locator('.reason').textContent());
      expect(resumed.protocol).toMatchObject({ draws: 3, checkpoints: [20, 60], seed: 0 });
      expect(`${await save(page, 'Save SVG')}`).toMatch(/^<svg /);
      expect(await page.locator('.again code').textContent()).toMatch(
        /^basin experiment optimal-step --preset quick --data 'gaussian-clusters\?examples=600.*--draws 3/,
      );
      expect(await violations(page)).toEqual([]);
      await fits(page);

      // It is there again, and one that nothing interrupted comes to the same.
      await page.reload();
      await page.locator('.outcome[data-verdict=inconclusive]').waitFor();
      await waitForStatus(page, /Finished before/);
      await button(page, 'Forget the kept cells').click();
      await waitForStatus(page, /Ready/);
      await button(page, 'Run').click();
      await waitForStatus(page, /Finished: inconclusive/, 110_000);
      expect(JSON.parse(`${await save(page, 'Save JSON')}`)).toEqual(resumed);
      // A curve for each cell.
      const curves = page.locator('.curves .panel', { hasText: 'Loss of the trunk' });
      await expect.poll(() => curves.locator('.curve path').count()).toBe(4);
    });
  });

  test('stops within a cell, refuses what cannot be by its name, and needs no adapter for what came with it', async () => {
    await withPage(
      pages.browser,
      pages.server.origin,
      async (page) => {
        const long = new URLSearchParams({ ...Object.fromEntries(SMALL), draws: '2000' });
        await page.goto(addressOf(`optimal-step?${long}`));
        await waitForStatus(page, /Ready/);
        await button(page, 'Run').click();
        await expect.poll(() => numbers(page), { timeout: 60_000 }).toMatch(/measuring at step 20.*draws/);
        expect(await violations(page)).toEqual([]);
        // One at a time, and the way back to the one that runs.
        await goTo(page, 'escape');
        await waitForStatus(page, /optimal-step is running/);
        expect(await button(page, 'Run').isDisabled()).toBe(true);
        await page.getByRole('link', { name: 'optimal-step', exact: true }).click();
        await button(page, 'Stop').click();
        await waitForStatus(page, /Stopped before the first cell was done/);
        await page.locator('#part-draws').fill('many');
        await expect
          .poll(() => page.getByRole('alert').textContent())
          .toMatch(/draws: is NaN, expected a whole number/);
        expect(await button(page, 'Run').isDisabled()).toBe(true);
        await goTo(page, 'optimal-step?preset=thorough');
        await expect
          .poll(() => page.getByRole('alert').textContent())
          .toMatch(/preset: is "thorough", expected one of quick, standard/);
        expect(await violations(page)).toEqual([]);
      },
      { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    );
    await withPage(pages.browser, pages.server.origin, async (page) => {
      await withoutWebGpu(page);
      await page.goto(addressOf('escape'));
      await page.getByRole('alert').waitFor();
      await expect.poll(() => page.locator('.cost').textContent()).toMatch(/on the reference adapter/);
      expect(await button(page, 'Run').isDisabled()).toBe(true);
      const found = bundled?.claims.find(({ id }) => id === 'escape');
      if (found) {
        await page.locator(`.outcome[data-verdict="${found.verdict}"]`).waitFor();
        expect(await page.locator('.outcome .reason').textContent()).toBe(found.reason);
      } else expect(await page.locator('.result').textContent()).toMatch(/No run has judged it yet/);
      expect(await violations(page)).toEqual([]);
    });
  });
});
