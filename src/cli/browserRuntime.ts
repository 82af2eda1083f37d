import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HeadlessSpec } from '../jobs/headless.ts';
import type { JobEvent, JobHost } from '../jobs/job.ts';
import type { JobFailure } from '../jobs/jobFailure.ts';
import { LastStep } from '../jobs/lastStep.ts';
import type { TunedTable } from '../tuning/tunedTable.ts';
import { distFolder } from './fileHost.ts';
import { serveJob } from './jobServer.ts';
import { launchChromium } from './launchChromium.ts';
import { limitReads } from './limitReads.ts';

/** An error that a page reported, under its own name there. */
export class PageError extends Error {
  constructor({ name, message, stack }: JobFailure) {
    super(message);
    this.name = name;
    if (stack !== undefined) this.stack = stack;
  }
}

/**
 * Runs a job in headless Chromium: the built page is served on 127.0.0.1 and computes, this process reads its files
 * and receives its events. Every way in which a page can fail ends the job with an error.
 *
 * @param install a browser may be installed where there is none.
 * @param cache choices of kernels measured on this machine
 * @throws MissingPackageError without playwright-core, BrowserNotFoundError, PageError
 */
export async function runInBrowser(
  spec: HeadlessSpec,
  host: Required<JobHost>,
  onEvent: (event: JobEvent) => Promise<void> | void,
  { install = false, cache }: { install?: boolean; cache?: TunedTable } = {},
): Promise<void> {
  const last = new LastStep();
  const { browser, close } = await launchChromium('the browser runtime drives Chromium with it', { install });
  try {
    if (!existsSync(join(distFolder, 'job.html'))) {
      throw new Error(`job.html is missing beside cli.js in ${distFolder}: the build is incomplete`);
    }
    const server = await serveJob(distFolder, limitReads(host, spec));
    try {
      const page = await browser.newPage();
      const failed = new Promise<never>((_, reject) => {
        const fail = (message: string) => reject(new Error(`${message}${last.text}`));
        page.on('crash', () => fail('the page of the browser crashed (out of memory?)'));
        page.on('pageerror', (error) => fail(`the page failed: ${error.message}`));
        page.on('console', (message) => {
          const of = message.location().url;
          if (message.type() === 'error') fail(`the page reported${of && ` of ${of}`}: ${message.text()}`);
        });
        browser.on('disconnected', () => fail('the browser ended'));
      });
      failed.catch(() => {});

      const own: { error?: unknown } = {};
      await page.exposeFunction('basinEvent', async (event: JobEvent) => {
        last.take(event);
        try {
          const tensors = server.takeTensors();
          await onEvent(tensors ? ({ ...event, tensors } as JobEvent) : event);
        } catch (error) {
          own.error = error;
          throw error;
        }
      });
      await page.goto(`${server.origin}/job.html`, { waitUntil: 'load' });
      const failure = await Promise.race([
        // As text: Playwright takes a minute and gigabytes to hand over a table of ten million rates.
        page
          .evaluate(([job, token, tuned]) => window.basinRun(JSON.parse(job), token, tuned), [
            JSON.stringify(spec),
            server.token,
            cache,
          ] as const)
          .catch(({ message }: Error) => {
            throw new Error(`the browser ended: ${message.split('\n')[0]}${last.text}`);
          }),
        failed,
      ]);
      // What this process threw has been to the page and back.
      if (failure) throw own.error ?? new PageError(failure);
    } finally {
      server.close();
    }
  } finally {
    await close();
  }
}
