import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { CONTENT_POLICY } from '../../src/host/contentPolicy.ts';
import { DOCS } from '../../src/web/docs/contents.ts';
import { ROOT } from './basin.ts';
import { withPage } from './browserPage.ts';
import { servedPages } from './servedPages.ts';

const served = servedPages();

/** The narrowest policy: what the pages ask for beyond it, they ask for when they save a picture. */
const NARROWEST = "default-src 'self'";

/** Notes what the policy refuses, in the page and in frames. */
async function watchPolicy(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(window, { refused });
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) => {
      refused.push(`${effectiveDirective}: ${blockedURI} (${sourceFile})`);
    });
  });
  return () => page.evaluate(() => (window as unknown as { refused: string[] }).refused);
}

/** Answers every request under another policy than the server's; the pages' own stays in their heads. */
async function under(page: Page, policy: string): Promise<void> {
  await page.context().route('**/*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
  });
}

test('every page holds under the narrowest policy, and asks nobody else for anything', async () => {
  const dist = join(ROOT, 'dist');
  const pages = readdirSync(dist).filter((name) => name.endsWith('.html'));
  expect(pages).toContain('index.html');
  const docs = DOCS.flatMap(({ files }) => files.slice(0, 1)).map(
    (file) => `docs/${file.replace(/md$/, 'html')}`,
  );
  const { origin } = served.server;
  await withPage(served.browser, origin, async (page) => {
    const refused = await watchPolicy(page);
    await under(page, NARROWEST);
    for (const path of [
      ...pages,
      ...docs,
      'docs/api/index.html',
      'docs/api/functions/basin.openDevice.html',
    ]) {
      const response = await page.goto(`${origin}/${path}`, { waitUntil: 'networkidle' });
      expect(response!.status(), path).toBe(200);
      expect(await page.locator('meta[http-equiv=content-security-policy]').getAttribute('content')).toBe(
        CONTENT_POLICY,
      );
      expect(await refused(), path).toEqual([]);
    }
  });
});

test('what a page may not do is refused and noted', async () => {
  const { origin } = served.server;
  const context = await served.browser.newContext();
  const page = await context.newPage();
  const refused = await watchPolicy(page);
  await page.goto(`${origin}/docs/index.html`);
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    document.head.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }));
    return 'ran' in window;
  });
  expect(ran).toBe(false);
  // Each by the policy in the answer, and again by that in the page's head.
  expect(new Set((await refused()).map((text) => text.split(':')[0]))).toEqual(
    new Set(['script-src-elem', 'style-src-elem']),
  );
  await context.close();
});
