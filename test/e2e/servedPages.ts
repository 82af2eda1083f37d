import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { type JobServer, serveJob } from '../../src/cli/jobServer.ts';
import { basin, ROOT } from './basin.ts';
import { launchBrowser } from './browserPage.ts';
import { copyLimited } from './limitedDist.ts';

/**
 * The built pages on a server, and a browser to open them, both while the file's tests run. Under $BASIN_DEFAULT_LIMITS their devices have
 * WebGPU's default limits and no feature.
 */
export function servedPages(): { readonly server: JobServer; readonly browser: Browser } {
  let server: JobServer | undefined;
  let browser: Browser | undefined;
  let limited: string | undefined;

  beforeAll(async () => {
    // Builds dist/ if it is stale.
    const { exitCode, stderr } = await basin(['--help'], ROOT);
    if (exitCode !== 0) throw new Error(stderr);
    if (process.env.BASIN_DEFAULT_LIMITS) {
      limited = mkdtempSync(join(tmpdir(), 'basin-'));
      copyLimited(limited);
    }
    server = await serveJob(limited ?? join(ROOT, 'dist'), {
      read: (file) => Promise.reject(new Error(`the page asked for ${file}`)),
      find: async (path) => ({ path, is: 'nothing' }),
    });
    browser = await launchBrowser();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (limited) rmSync(limited, { recursive: true });
  });

  return {
    get server() {
      return server!;
    },
    get browser() {
      return browser!;
    },
  };
}
