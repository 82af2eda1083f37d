import { expect, test } from 'vitest';
import { button, save, waitForStatus } from './browserPage.ts';
import { lastStep, start, waitForStep } from './labPage.ts';
import { servedPages } from './servedPages.ts';

const pages = servedPages();

const SETTINGS = 'data=gaussian-clusters&hidden=8&B=16&lr=0.02,0.05&steps=1000000&noise=10&test=100';

test('where the browser has no room it says so and loses nothing', async () => {
  const context = await pages.browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.goto(`${pages.server.origin}/lab.html#${SETTINGS}`);
  await waitForStatus(page, /Ready/);
  await start(page);
  await waitForStep(page, 50);
  const session = await context.newCDPSession(page);
  const quota = (quotaSize?: number) =>
    session.send('Storage.overrideQuotaForOrigin', {
      origin: pages.server.origin,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    });
  await quota(1);
  await page
    .getByRole('alert')
    .filter({ hasText: /no more room for runs: this one goes on/ })
    .waitFor();
  const without = await lastStep(page);
  await waitForStep(page, without + 100);
  await quota();
  await expect.poll(() => page.getByRole('alert').count(), { timeout: 30_000 }).toBe(0);
  await button(page, 'Stop').click();
  await waitForStatus(page, /Stopped after step/);
  const csv = `${await save(page, 'Save CSV')}`;
  await page.reload();
  await waitForStatus(page, /Stopped at step \d+: Resume goes on/);
  expect(`${await save(page, 'Save CSV')}`).toBe(csv);
  await context.close();
});
