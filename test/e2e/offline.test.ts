import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveJob } from '../../src/cli/jobServer.ts';
import { ROOT } from './basin.ts';
import { waitForStatus, withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const served = servedPages();

test('after the first visit the site works without its server: pages open, and compute', {
  timeout: 300_000,
}, async () => {
  // One of its own, which is gone after the first visit.
  const server = await serveJob(join(ROOT, 'dist'), {
    read: (file) => Promise.reject(new Error(`the page asked for ${file}`)),
    find: async (path) => ({ path, is: 'nothing' }),
  });
  try {
    await withPage(
      served.browser,
      server.origin,
      async (page) => {
        await page.goto(`${server.origin}/lab.html`);
        await waitForStatus(page, /Ready/);
        // One that could not be installed is gone again, and `ready` would wait for ever.
        await expect
          .poll(
            () =>
              page.evaluate(async () => {
                const registered = await navigator.serviceWorker.getRegistration();
                return registered?.active?.state ?? registered?.installing?.state ?? 'none';
              }),
            { timeout: 60_000, interval: 200 },
          )
          .toBe('activated');
        server.close();
        await expect(fetch(server.origin)).rejects.toThrow();

        await page.goto(`${server.origin}/`);
        await page
          .locator('[data-figure=learning-rate] .provenance')
          .filter({ hasText: /Computed here/ })
          .waitFor({ timeout: 120_000 });
        await page.reload();
        expect(await page.title()).toMatch(/^Basin/);
        await page.goto(`${server.origin}/docs/index.html`);
        await page.getByRole('heading', { name: 'Documentation' }).waitFor();
      },
      { serviceWorkers: 'allow' },
    );
  } finally {
    server.close();
  }
});
