import { type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FIGURES } from '../../src/web/article/figures/index.ts';
import { basin, ROOT } from './basin.ts';
import { launchBrowser } from './browserPage.ts';

/** In milliseconds, on the software adapter of a calm machine with two cores. */
const FIRST_CURVE = 2500;
const INPUT_DELAY = 100;
const LONGEST_TASK = 200;

let server: PreviewServer;
beforeAll(async () => {
  const { exitCode, stderr } = await basin(['--help'], ROOT);
  if (exitCode !== 0) throw new Error(stderr);
  server = await preview({ configFile: `${ROOT}/vite.config.ts`, logLevel: 'silent', preview: { port: 0 } });
}, 300_000);
afterAll(() => server?.close());

/** What a page notes of its own time. */
interface Noted {
  readonly tasks: readonly number[];
  readonly delays: readonly number[];
  /** When a curve that is computed here was first drawn; undefined until then. */
  readonly live: number | undefined;
}

test('the article has its first live curve soon, and answers while all figures are computed', {
  timeout: 300_000,
}, async () => {
  const browser = await launchBrowser();
  try {
    const page = await (await browser.newContext({ serviceWorkers: 'block' })).newPage();
    await page.addInitScript(() => {
      const noted = { tasks: [] as number[], delays: [] as number[], live: undefined as number | undefined };
      Object.assign(window, { noted });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) noted.tasks.push(duration);
      }).observe({ type: 'longtask', buffered: true });
      new PerformanceObserver((list) => {
        for (const { processingStart, startTime } of list.getEntries() as PerformanceEventTiming[])
          noted.delays.push(processingStart - startTime);
      }).observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
      new MutationObserver(() => {
        const from = document.querySelector('[data-figure=learning-rate] .provenance')?.textContent ?? '';
        if (/^Comput(ing|ed here) on/.test(from)) noted.live ??= performance.now();
      }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    const noted = () => page.evaluate(() => (window as unknown as { noted: Noted }).noted);
    await page.goto(server.resolvedUrls!.local[0]!);
    await expect.poll(async () => (await noted()).live, { timeout: 60_000 }).toBeDefined();

    for (const { id } of FIGURES) {
      const figure = page.locator(`[data-figure=${id}]`);
      await figure.scrollIntoViewIfNeeded();
      await figure.getByRole('slider').focus();
      for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowRight']) {
        await page.keyboard.press(key);
        await page.waitForTimeout(300);
      }
      await figure
        .locator('.provenance')
        .filter({ hasText: /Computed here/ })
        .waitFor({ timeout: 60_000 });
    }
    const { live, tasks, delays } = await noted();
    const longest = (values: readonly number[]): number => Math.max(0, ...values);
    console.info(
      `first live curve ${Math.round(live!)} ms; longest task ${longest(tasks)} ms; longest input delay ${Math.round(longest(delays))} ms of ${delays.length} events`,
    );
    expect(delays.length).toBeGreaterThan(0);
    expect(live).toBeLessThanOrEqual(FIRST_CURVE);
    expect(longest(delays)).toBeLessThan(INPUT_DELAY);
    expect(longest(tasks)).toBeLessThanOrEqual(LONGEST_TASK);
  } finally {
    await browser.close();
  }
});
