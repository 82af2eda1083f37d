import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { chromiumFlags, hasGpuDevice } from './chromiumFlags.ts';
import { findBrowser } from './findBrowser.ts';
import { loadPlaywright, MissingPackageError } from './findPackage.ts';
import { makeProcessFolder } from './processFolder.ts';
import { beforeSignal } from './signals.ts';

/** A headless browser of this process. */
export interface LaunchedBrowser {
  readonly browser: Browser;
  /** Ends it; nothing of it stays on the disk. */
  close(): Promise<void>;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Where Playwright and Chromium make their temporary folders. */
const TEMPORARY = process.platform === 'win32' ? 'TEMP' : 'TMPDIR';

/**
 * Starts headless Chromium with all that it writes in one folder, which goes with it: also when a signal ends this process,
 * and when the next browser starts if this process is killed.
 * @param purpose what the browser does, for the message that Playwright is missing
 * @param install a browser may be installed where there is none
 * @throws MissingPackageError without playwright-core, BrowserNotFoundError
 */
export async function launchChromium(
  purpose: string,
  { install = false, flags = [] }: { install?: boolean; flags?: readonly string[] } = {},
): Promise<LaunchedBrowser> {
  const playwright = loadPlaywright();
  if (!playwright) throw new MissingPackageError('playwright-core', purpose);
  const { path } = findBrowser({ install });
  const folder = makeProcessFolder();
  const removeNow = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', removeNow);
  let launching: Promise<Browser> | undefined;
  const close = async () => {
    await (await launching?.catch(() => undefined))?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    process.off('exit', removeNow);
    forget();
  };
  const forget = beforeSignal(close);
  const before = process.env[TEMPORARY];
  try {
    process.env[TEMPORARY] = folder;
    const env = { ...process.env } as Record<string, string>;
    const launch = (sandbox: boolean): Promise<Browser> =>
      playwright.chromium.launch({
        executablePath: path,
        chromiumSandbox: sandbox,
        args: [...chromiumFlags({ software: !hasGpuDevice(), sandbox }), ...flags],
        env,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
    // Containers rarely allow the namespaces of the sandbox, and root has none; only this program's own page is ever opened.
    launching = isRoot() ? launch(false) : launch(true).catch(() => launch(false));
    return { browser: await launching, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    if (before === undefined) delete process.env[TEMPORARY];
    else process.env[TEMPORARY] = before;
  }
}
