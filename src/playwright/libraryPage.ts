import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

/** The library's own folder. */
const folder = dirname(fileURLToPath(import.meta.url));

/** A secure context, as WebGPU wants one, of a name that nobody has (RFC 6761). Its requests are answered here. */
const ORIGIN = 'https://basin.test';

const imports = { basin: '/index.js', 'basin/engine': '/engine.js', 'basin/jobs': '/jobs.js' };
const PAGE = `<!doctype html><title>Basin</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>`;

/** Opens a blank page that can import the library. */
export async function openLibraryPage(page: Page): Promise<void> {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const path = join(folder, pathname);
    if (pathname === '/') await route.fulfill({ contentType: 'text/html', body: PAGE });
    else if (existsSync(path)) await route.fulfill({ path });
    else await route.fulfill({ status: 404 });
  });
  await page.goto(`${ORIGIN}/`);
}
