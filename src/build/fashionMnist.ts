import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const require = createRequire(import.meta.url);

const CLASSES = 10;
const SIDE = 28;
/** Of each class; the package holds 7,000, the original split lost. The last ones are for testing. */
const TRAIN = 6000;
const TEST = 1000;

/**
 * Fashion-MNIST (Xiao et al. 2017) as four gzipped IDX files named like MNIST's, made from the ten JSON files of the
 * package fashion-mnist. The classes take turns (example 10·i + c is the i-th of class c), so that data in file order
 * is not sorted. Made once for each version of the package, which takes seconds; kept in `cache`.
 * @returns the files' names and paths
 * @throws if the package is not what it was: a class without 7,000 images of 28 × 28 bytes
 */
export async function fashionMnist(cache: string): Promise<{ name: string; path: string }[]> {
  const manifest = require.resolve('fashion-mnist/package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const folder = join(cache, `fashion-mnist-${version}`);
  const parts = [
    { split: 'train', first: 0, count: TRAIN },
    { split: 't10k', first: TRAIN, count: TEST },
  ];
  const files = parts.flatMap(({ split }) => [`${split}-images-idx3-ubyte`, `${split}-labels-idx1-ubyte`]);
  if (!files.every((file) => existsSync(join(folder, `${file}.gz`)))) {
    const classes = await Promise.all(
      Array.from({ length: CLASSES }, (_, c) =>
        classImages(join(dirname(manifest), `src/clothes/${c}.json`)),
      ),
    );
    await mkdir(folder, { recursive: true });
    for (const { split, first, count } of parts) {
      const { images, labels } = interleave(classes, first, count);
      await keep(folder, `${split}-images-idx3-ubyte`, idx([CLASSES * count, SIDE, SIDE], images));
      await keep(folder, `${split}-labels-idx1-ubyte`, idx([CLASSES * count], labels));
    }
  }
  return files.map((file) => ({ name: file, path: join(folder, `${file}.gz`) }));
}

/** One class's images, one after another. Class 0 has two empty entries among them, which are no images. */
async function classImages(path: string): Promise<Uint8Array> {
  const file = JSON.parse(await readFile(path, 'utf8')) as { data: number[][] };
  const data = file.data.filter((image) => image.length > 0);
  const wrong = data.findIndex((image) => image.length !== SIDE * SIDE);
  if (data.length !== TRAIN + TEST || wrong >= 0) {
    const found =
      wrong >= 0 ? `image ${wrong} has ${data[wrong]!.length} bytes` : `found ${data.length} images`;
    throw new Error(`${path}: ${found}, expected ${TRAIN + TEST} images of ${SIDE * SIDE} bytes`);
  }
  return Uint8Array.from(data.flat());
}

function interleave(
  classes: readonly Uint8Array[],
  first: number,
  count: number,
): { images: Uint8Array; labels: Uint8Array } {
  const bytes = SIDE * SIDE;
  const images = new Uint8Array(CLASSES * count * bytes);
  const labels = new Uint8Array(CLASSES * count);
  for (let example = 0; example < labels.length; example++) {
    const label = example % CLASSES;
    const at = (first + Math.floor(example / CLASSES)) * bytes;
    labels[example] = label;
    images.set(classes[label]!.subarray(at, at + bytes), example * bytes);
  }
  return { images, labels };
}

/** An IDX file of unsigned bytes: two zeros, the type 8, the number of dimensions, each as a big-endian u32, the data. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, 8);
  header.setUint8(3, shape.length);
  shape.forEach((extent, i) => {
    header.setUint32(4 + 4 * i, extent);
  });
  return Buffer.concat([new Uint8Array(header.buffer), data]);
}

/** Under its name only when it is whole. */
async function keep(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, `${name}.gz`);
  await writeFile(`${path}.part`, await promisify(gzip)(bytes));
  await rename(`${path}.part`, path);
}
