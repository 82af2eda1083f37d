import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';

/** Kilobytes, gzipped, of the scripts that a page has loaded so far, its workers' aside. */
export async function scriptWeight(page: Page): Promise<number> {
  const addresses = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('.js') && !/\/(jobWorker|serviceWorker)/.test(name)),
  );
  const bodies = await Promise.all(
    addresses.map(async (address) => Buffer.from(await (await fetch(address)).arrayBuffer())),
  );
  return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0) / 1000;
}
