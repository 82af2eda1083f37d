import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { chromiumFlags } from '../../src/cli/chromiumFlags.ts';
import { findBrowser } from '../../src/cli/findBrowser.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What Playwright says of it. */
const SERVICE_WORKER_BLOCKED = 'Service Worker registration blocked by Playwright';

/** A browser whose WebGPU adapter is SwiftShader. */
export function launchBrowser(): Promise<Browser> {
  const { path } = findBrowser({ install: true });
  return chromium.launch({ executablePath: path, args: chromiumFlags({ software: true }) });
}

/**
 * Uses a page of its own; fails where the page reported an error, asked another machine than `ownOrigin`, or sent that anything: what a
 * page is given stays in it.
 */
export async function withPage(
  browser: Browser,
  ownOrigin: string,
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  // The site is kept once for each fresh browser, which no test but that of it waits for.
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  try {
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      const text = message.text();
      if (text === SERVICE_WORKER_BLOCKED) return;
      if (message.type() === 'error' || message.type() === 'warning') problems.push(text);
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      const own = origin === ownOrigin || ['blob:', 'data:', 'file:'].includes(protocol);
      if (!own) problems.push(`request to ${request.url()}`);
      if (request.method() !== 'GET') problems.push(`${request.method()} to ${request.url()}`);
    });
    await use(page);
    expect(problems).toEqual([]);
  } finally {
    await context.close();
  }
}

/** What axe finds on the page as it is. */
export async function violations(page: Page): Promise<string[]> {
  // Not as a script of the page's, which its content security policy would refuse.
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
  });
}

export function button(page: Page, name: string | RegExp) {
  return page.getByRole('button', { name, exact: true });
}

/** What a button that saves a file saves. */
export async function save(page: Page, name: string): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
  return readFileSync(await download.path());
}

export async function waitForStatus(page: Page, text: RegExp, timeout = 60_000): Promise<void> {
  await page.getByRole('status').filter({ hasText: text }).waitFor({ timeout });
}

/** Has the page find no WebGPU, as where a browser has none. */
export function withoutWebGpu(page: Page): Promise<unknown> {
  return page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }),
  );
}
