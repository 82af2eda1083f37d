import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveJob } from '../../src/cli/jobServer.ts';
import { ROOT } from './basin.ts';
import { waitForStatus, withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const served = servedPages();

test('after the first visit the site works without its server: pages open, and compute', async () => {
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
        await page.evaluate(async () => {
          const { active } = await navigator.serviceWorker.ready;
          if (active?.state !== 'activated')
            await new Promise((resolve) => active!.addEventListener('statechange', resolve, { once: true }));
        });
        server.close();
        await expect(fetch(server.origin)).rejects.toThrow();

        await page.goto(`${server.origin}/`);
        await page
          .locator('[data-figure=learning-rate] .provenance')
          .filter({ hasText: /Computed here/ })
          .waitFor({ timeout: 60_000 });
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
