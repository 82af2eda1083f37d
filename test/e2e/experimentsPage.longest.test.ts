import { expect, test } from 'vitest';
import { experiments } from '../../src/experiments/index.ts';
import { button, waitForStatus, withPage } from './browserPage.ts';
import { expectEffectsOfCsv } from './claimRuns.ts';
import { servedPages } from './servedPages.ts';

/** Milliseconds that a claim's quick run may take on a busy machine; on a calm one it takes up to a minute and a half. */
const PATIENCE = 900_000;

/** All, or those that the environment names. */
const wanted = process.env.BASIN_CLAIMS?.split(',') ?? experiments.map(({ id }) => id);
const pages = servedPages();

test(
  'each claim’s page comes to a verdict in quick, with the effects of its CSV',
  async () => {
    // One context: claims that share cells find them kept.
    await withPage(pages.browser, pages.server.origin, async (page) => {
      for (const id of wanted) {
        await page.goto(`${pages.server.origin}/experiments.html#${id}`);
        await waitForStatus(page, /Ready|Interrupted|Finished before/);
        await expect.poll(() => button(page, /^(Run|Go on)$/).isEnabled(), { timeout: 60_000 }).toBe(true);
        await button(page, /^(Run|Go on)$/).click();
        await waitForStatus(page, /Finished: /, PATIENCE);
        // A quick run decides nothing, whatever it finds.
        await page.locator('.outcome[data-verdict=inconclusive]').waitFor();
        expect(await expectEffectsOfCsv(page), id).toBeGreaterThan(0);
      }
    });
  },
  wanted.length * PATIENCE,
);
