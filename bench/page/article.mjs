// How long a fresh browser takes from opening the article to its first live curve, on the software adapter, and how the page answers
// meanwhile: `node bench/page/article.mjs [rounds]`, from a checkout that has been built. Prints JSON; exit code 1 where a bound is passed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

/** Milliseconds; the last two of each task and each input, the first of the median round. */
const BOUNDS = { firstLiveCurve: 2500, longestTask: 200, longestInputDelay: 100 };
const rounds = Number(process.argv[2] ?? 7);
const root = fileURLToPath(new URL('../..', import.meta.url));
const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

const server = await preview({
  configFile: `${root}vite.config.ts`,
  logLevel: 'error',
  preview: { port: 0 },
});
const origin = server.resolvedUrls.local[0];
const found = [];
try {
  for (let round = 0; round < rounds; round++) {
    // A browser of its own: no cache, no compiled kernels.
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--no-sandbox',
        '--disable-background-networking',
      ],
    });
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(watch);
    await page.goto(origin);
    await page.waitForFunction(() => window.seen.liveCurve !== undefined, undefined, { timeout: 60_000 });
    // Input while figures are computed: another value every 200 ms.
    await page.locator('[data-figure=learning-rate]').getByRole('slider').focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'ArrowRight', 'ArrowRight', 'ArrowLeft']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(200);
    }
    found.push(await page.evaluate(() => window.seen));
    await browser.close();
  }
} finally {
  await server.close();
}

const middle = (key) => found.map((seen) => seen[key]).sort((a, b) => a - b)[Math.floor(rounds / 2)];
const most = (key) => Math.max(...found.map((seen) => seen[key]));
const result = {
  rounds,
  firstContentfulPaint: middle('paint'),
  firstBundledCurve: middle('curve'),
  firstLiveCurve: middle('liveCurve'),
  longestTask: most('longestTask'),
  longestInputDelay: most('longestInputDelay'),
};
console.log(
  JSON.stringify({ ...result, bounds: BOUNDS, date: new Date().toISOString().slice(0, 10), found }, null, 1),
);
process.exitCode = Object.entries(BOUNDS).some(([key, bound]) => result[key] > bound) ? 1 : 0;

/** In the page, before its own scripts. Times are since the page was asked for. */
function watch() {
  const seen = { longestTask: 0, longestInputDelay: 0 };
  window.seen = seen;
  const observe = (type, take, options = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
      type,
      buffered: true,
      ...options,
    });
  observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') seen.paint = startTime;
  });
  observe('longtask', ({ duration }) => {
    seen.longestTask = Math.max(seen.longestTask, duration);
  });
  observe(
    'event',
    ({ startTime, processingStart }) => {
      seen.longestInputDelay = Math.max(seen.longestInputDelay, processingStart - startTime);
    },
    { durationThreshold: 16 },
  );
  const look = () => {
    const figure = document.querySelector('[data-figure=learning-rate]');
    if (figure?.querySelector('.drawing svg')) {
      seen.curve ??= performance.now();
      const from = figure.querySelector('.provenance')?.textContent ?? '';
      if (/^Comput(ing on|ed here)/.test(from)) seen.liveCurve ??= performance.now();
    }
    if (seen.liveCurve === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
