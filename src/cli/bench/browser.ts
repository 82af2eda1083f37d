import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sirv from 'sirv';
import { distFolder } from '../fileHost.ts';
import { launchChromium } from '../launchChromium.ts';
import type { BenchDriver, BenchWorker, Fetched } from './driver.ts';

/** Timestamps as the adapter gives them, not rounded to 100 µs as pages get them. */
const TIMESTAMPS = '--disable-dawn-features=timestamp_quantization';

const RUNNER = '/bench/runner.js';
/** Ours for the cold start, and the kernels that it loads. */
const OWN = '/bench/cold/';

/**
 * One headless Chromium; a page for each library, all open at once.
 * @param peers folder of bench/peers, if there is one
 * @throws MissingPackageError without playwright-core, BrowserNotFoundError
 */
export async function benchBrowser(peers: string | undefined): Promise<BenchDriver> {
  const { browser, close } = await launchChromium('the browser is driven with it', { flags: [TIMESTAMPS] });
  const server = await serve(peers);

  const worker = async (): Promise<BenchWorker> => {
    const page = await browser.newPage();
    const crashed = new Promise<never>((_, reject) => {
      page.on('crash', () => reject(new Error('the page crashed')));
    });
    crashed.catch(() => {});
    await page.goto(`${server.origin}/bench-page`);
    await page.evaluate(async (library) => {
      const { BenchRunner } = await import(library);
      Object.assign(globalThis, { bench: new BenchRunner() });
    }, RUNNER);
    const call = (method: string, ...args: unknown[]) =>
      Promise.race([
        page.evaluate(
          ([name, given]) => {
            const { bench } = globalThis as unknown as {
              bench: Record<string, (...a: unknown[]) => unknown>;
            };
            return bench[name]!(...given);
          },
          [method, args] as const,
        ),
        crashed,
      ]);
    const heapBytes = async (): Promise<number> => {
      const session = await page.context().newCDPSession(page);
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
      await session.detach();
      return usedSize + backingStorageSize;
    };
    return { call: call as BenchWorker['call'], heapBytes };
  };

  return {
    runtime: 'browser',
    version: `Chromium ${browser.version()}`,
    worker,
    peerUrl: (key) => `/peers/${key}/index.js`,
    ownUrl: (key) => `${OWN}${key}.js`,
    fetched: () => server.fetched(),
    async close() {
      await close();
      server.close();
    },
  };
}

/** Serves the built program and the peers on a free port of 127.0.0.1, isolated, which gives pages their finest clock. */
async function serve(
  peers: string | undefined,
): Promise<{ origin: string; fetched(): Fetched[]; close(): void }> {
  const asked = new Set<string>();
  const own = sirv(distFolder);
  const theirs = peers === undefined ? undefined : sirv(join(peers, 'dist/page'), { dev: true });
  const server = createServer((request, response) => {
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    const missing = () => {
      response.writeHead(404).end();
    };
    const { url = '' } = request;
    if (url.startsWith('/peers/') || url.startsWith(OWN)) asked.add(url);
    if (url === '/bench-page') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Basin: benchmark</title><link rel="icon" href="data:,">');
    } else if (url.startsWith('/peers/')) {
      request.url = url.slice('/peers'.length);
      if (theirs) theirs(request, response, missing);
      else missing();
    } else {
      own(request, response, missing);
    }
  });
  server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fetched: () =>
      [...asked].map((path) => {
        const file = path.startsWith(OWN)
          ? join(distFolder, path)
          : join(peers ?? '', 'dist/page', path.slice('/peers'.length));
        const data = readFileSync(file);
        return { path, bytes: data.length, gzip: gzipSync(data, { level: 9 }).length };
      }),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
