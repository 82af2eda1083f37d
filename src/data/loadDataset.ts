import type { ByteSource } from '../host/byteSource.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { CIFAR10_CLASSES, readCifar10 } from './cifar10.ts';
import { DATA_OPTIONS, splitDataName, withDataOptions } from './dataOptions.ts';
import { type Dataset, datasetFromTensors } from './dataset.ts';
import { readIdx } from './idx.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';
import { candidatePaths, splitPaths } from './splitPaths.ts';
import { isSyntheticName, syntheticDataset, syntheticNames } from './synthetic.ts';
import { textContext, textDataset } from './text.ts';

/** Sets of images that are kept beside the program, as four IDX files each. */
const IMAGE_SETS = ['mnist', 'fashion-mnist'];
/** Texts that are kept there too. */
const TEXTS = ['moby-dick'];

/** The data sets that have a name, without their options. */
export function builtinNames(): string[] {
  return [...IMAGE_SETS, ...TEXTS, ...syntheticNames()];
}

/** Whether `data` is named like a built-in: no "/" and no "." before the options ("gaussian-clusters?spread=0.5"). */
export function isBuiltinName(data: string): boolean {
  return !/[/\\.]/.test(data.split('?', 1)[0] as string);
}

/**
 * A data set by what a user wrote for `data`:
 * - the path of a file, by its ending: .safetensors or .npz, see datasetFromTensors; .bin, a CIFAR-10 binary batch; .txt, a text as
 *   sequences of bytes ("text.txt?context=64", see textDataset); else
 *   IDX images, gzipped or not, where the labels' path is found by writing "labels" for "images" and "idx1" for "idx3" in
 *   its last part;
 * - a name without "/" or ".": `mnist`, `fashion-mnist`, `moby-dick` (a text), or a synthetic one with its options
 *   ("linear-regression?dims=8&seed=1");
 * - a folder with the CIFAR-10 binary batches: data_batch_1.bin to 5 to train on, test_batch.bin to test;
 * - paths separated by commas: IDX "images,labels", or several CIFAR-10 batches;
 * - any of these with options behind "?", what is made of it (withDataOptions): "mnist?average_pool=2&subset=1000&data_seed=3".
 * Where the source can tell which files there are, a file wins over every other meaning. Images have example shape [C, H, W].
 *
 * @throws InputError for a name or ending that is not known, and for all that the readers refuse
 */
export async function loadDataset(data: string, source: ByteSource): Promise<Dataset> {
  requireSource(data, source);
  const found = await source.find?.(data);
  if (found?.is === 'file') return loadFiles(data, [data], source);
  const { from, options } = splitDataName(data);
  if (from !== data) return withDataOptions(await loadDataset(from, source), options);
  if (isBuiltin(data)) return loadBuiltin(data, source);
  const [path] = data.split('?', 1) as [string];
  if (path !== data && hasEnding(path, '.txt')) return loadText(data, path, source);
  if (found?.is === 'folder') return cifar10Folder(data, source);
  const paths = await listedFiles(data, source);
  if (paths) return loadFiles(data, paths, source);
  if (isBuiltinName(data)) {
    requireKnownOptions(data);
    const path = found ? `a path; there is no file ${found.path}` : 'a path with "/" or "."';
    throw new InputError(
      data,
      'data',
      `is no built-in data set, expected one of ${builtinNames().join(', ')}, or ${path}`,
    );
  }
  if (!data.includes(',')) requireKnownOptions(data);
  // A list of which some are missing: say which.
  if (data.includes(',')) {
    const missing = await missingPath(data, source);
    throw new InputError(
      data,
      'data',
      `there is no file of this name; as a list of files separated by commas, there is no ${missing}`,
    );
  }
  return loadFiles(data, [data], source);
}

/** @throws InputError for what cannot be asked for a file */
function requireSource(data: unknown, source: unknown): void {
  const expected = "fileHost('.') of basin/node, or a { read(path) } of your own";
  if (typeof data !== 'string') {
    const found = `${showValue(data)} given, expected a name or a path, and after it ${expected}`;
    throw new InputError('loadDataset', 'data', found);
  }
  if (typeof (source as Partial<ByteSource> | null | undefined)?.read === 'function') return;
  throw new InputError(data, 'source', `${showValue(source)} given, expected what reads files: ${expected}`);
}

/** @throws InputError for an image set's name, or a file's, with an option that none has */
function requireKnownOptions(data: string): void {
  const [name, query = ''] = data.split(/\?(.*)/s) as [string, string?];
  const isFile = query !== '' && ['.safetensors', '.npz', '.bin'].some((ending) => hasEnding(name, ending));
  if (!isFile && !IMAGE_SETS.includes(name)) return;
  const option = query.split('=', 1)[0]!;
  throw new InputError(data, option, `unknown option, expected ${DATA_OPTIONS.join(', ')}`);
}

/** Whether `data` is a built-in set, and not only named like one. */
function isBuiltin(data: string): boolean {
  const [name] = data.split('?', 1) as [string];
  return IMAGE_SETS.includes(data) || TEXTS.includes(name) || (isBuiltinName(data) && isSyntheticName(data));
}

/** Files separated by commas, each of which is there; by their names alone where the source cannot tell. */
async function listedFiles(data: string, source: ByteSource): Promise<string[] | undefined> {
  if (!data.includes(',')) return undefined;
  const { find } = source;
  if (!find) return isBuiltinName(data) ? undefined : data.split(',');
  const files = new Set<string>();
  await Promise.all(
    candidatePaths(data).map(async (path) => {
      if ((await source.find!(path)).is === 'file') files.add(path);
    }),
  );
  return splitPaths(data, (path) => files.has(path));
}

async function missingPath(data: string, source: ByteSource): Promise<string> {
  for (const path of data.split(',')) {
    const found = await source.find?.(path);
    if (found && found.is !== 'file') return found.path;
  }
  return data;
}

async function loadFiles(data: string, paths: readonly string[], source: ByteSource): Promise<Dataset> {
  const [first, second] = paths as [string, string?];
  if (paths.every((path) => hasEnding(path, '.bin'))) return cifar10Dataset(data, paths, source);
  if (paths.length === 2) return idxDataset(data, first, second!, source);
  if (paths.length === 1) {
    if (hasEnding(first, '.safetensors')) {
      return datasetFromTensors(data, readSafetensors(data, await source.read(first)));
    }
    if (hasEnding(first, '.txt')) return loadText(data, first, source);
    if (hasEnding(first, '.npz')) return datasetFromTensors(data, readNpz(data, await source.read(first)));
    const folder = first.slice(0, first.lastIndexOf('/') + 1);
    const file = first.slice(folder.length);
    if (file.includes('images')) {
      const labels = folder + file.replace('images', 'labels').replace('idx3', 'idx1');
      return idxDataset(data, first, labels, source);
    }
  }
  throw new InputError(
    data,
    'data',
    'cannot tell its format from its name, expected .safetensors, .npz, .txt, .bin (CIFAR-10), IDX images with "images" in the name, or "images,labels"',
  );
}

function hasEnding(path: string, ending: string): boolean {
  return path.toLowerCase().endsWith(ending);
}

function loadBuiltin(data: string, source: ByteSource): Promise<Dataset> {
  if (isSyntheticName(data)) return Promise.resolve(syntheticDataset(data));
  const [name] = data.split('?', 1) as [string];
  if (TEXTS.includes(name)) return loadText(data, `builtin:${name}/text.txt`, source);
  return loadImageSet(data, source);
}

async function loadText(data: string, path: string, source: ByteSource): Promise<Dataset> {
  // Its options before its bytes: a typo is told at once.
  const context = textContext(path === data ? '' : data);
  return textDataset(data, await source.read(path), context);
}

async function loadImageSet(data: string, source: ByteSource): Promise<Dataset> {
  const part = (split: string): Promise<Dataset> =>
    idxDataset(
      data,
      `builtin:${data}/${split}-images-idx3-ubyte`,
      `builtin:${data}/${split}-labels-idx1-ubyte`,
      source,
      10,
    );
  const [train, test] = await Promise.all([part('train'), part('t10k')]);
  return { ...train, test: { ...test, name: `${data} (test)` } };
}

async function idxDataset(
  name: string,
  imagesPath: string,
  labelsPath: string,
  source: ByteSource,
  classes?: number,
): Promise<Dataset> {
  const [imageBytes, labelBytes] = await Promise.all([source.read(imagesPath), source.read(labelsPath)]);
  const images = readIdx(imagesPath, imageBytes);
  const labels = readIdx(labelsPath, labelBytes);
  const [examples, ...size] = images.shape as [number, ...number[]];
  if (size.length < 2 || images.data.length === 0) {
    throw new InputError(
      imagesPath,
      'images',
      `found shape ${showShape(images.shape)}, expected [N, H, W], N ≥ 1`,
    );
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== examples) {
    throw new InputError(
      labelsPath,
      'labels',
      `found shape ${showShape(labels.shape)}, expected [${examples}]`,
    );
  }
  const largest = labels.data.reduce((a, b) => Math.max(a, b), 0);
  if (classes !== undefined && largest >= classes) {
    const example = labels.data.findIndex((label) => label >= classes);
    throw new InputError(
      labelsPath,
      'labels',
      `example ${example} has label ${labels.data[example]}, expected < ${classes}`,
    );
  }
  return {
    name,
    x: images.data,
    exampleShape: size.length === 2 ? [1, ...size] : size,
    targets: { kind: 'classes', labels: Uint32Array.from(labels.data), classes: classes ?? largest + 1 },
    examples,
  };
}

/** The batches one after another. */
async function cifar10Dataset(name: string, paths: readonly string[], source: ByteSource): Promise<Dataset> {
  const batches = await Promise.all(paths.map(async (path) => readCifar10(path, await source.read(path))));
  const examples = batches.reduce((sum, batch) => sum + batch.examples, 0);
  const size = batches[0]!.x.length / batches[0]!.examples;
  const x = new Uint8Array(examples * size);
  const labels = new Uint32Array(examples);
  let first = 0;
  for (const batch of batches) {
    x.set(batch.x, first * size);
    labels.set(batch.labels, first);
    first += batch.examples;
  }
  return {
    name,
    x,
    exampleShape: [3, 32, 32],
    targets: { kind: 'classes', labels, classes: CIFAR10_CLASSES },
    examples,
  };
}

/** The folder that CIFAR-10's binary version unpacks to. @throws InputError if one of its five batches is missing */
async function cifar10Folder(folder: string, source: ByteSource): Promise<Dataset> {
  const inFolder = (file: string): string => `${folder.replace(/\/$/, '')}/${file}`;
  const batches = [1, 2, 3, 4, 5].map((n) => inFolder(`data_batch_${n}.bin`));
  const found = await Promise.all(batches.map(async (path) => (await source.find!(path)).is === 'file'));
  const missing = batches.filter((_, i) => !found[i]);
  if (missing.length > 0) {
    throw new InputError(
      folder,
      'data',
      `is a folder without ${missing.join(', ')}; expected the five batches of CIFAR-10, or files by their names`,
    );
  }
  const train = await cifar10Dataset(folder, batches, source);
  const test = inFolder('test_batch.bin');
  if ((await source.find!(test)).is !== 'file') return train;
  return { ...train, test: await cifar10Dataset(`${folder} (test)`, [test], source) };
}
