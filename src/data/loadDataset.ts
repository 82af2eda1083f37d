import { showShape } from '../nn/hostTensor.ts';
import { InputError } from '../nn/inputError.ts';
import { CIFAR10_CLASSES, readCifar10 } from './cifar10.ts';
import { type Dataset, datasetFromTensors } from './dataset.ts';
import { readIdx } from './idx.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';
import { isSyntheticName, syntheticDataset, syntheticNames } from './synthetic.ts';

/** Whoever can turn a path, as the user named it, into bytes. */
export interface ByteSource {
  read(path: string): Promise<Uint8Array>;
}

/** Sets of images that are kept beside the program, as four IDX files each. */
const IMAGE_SETS = ['mnist', 'fashion-mnist'];

/** The data sets that have a name, without their options. */
export function builtinNames(): string[] {
  return [...IMAGE_SETS, ...syntheticNames()];
}

/** Whether `data` means a built-in: no "/" and no "." before the options ("gaussian-clusters?spread=0.5"). */
export function isBuiltinName(data: string): boolean {
  return !/[/\\.]/.test(data.split('?', 1)[0] as string);
}

/**
 * A data set by what a user wrote for `data`:
 * - a name without "/" or ".": `mnist`, `fashion-mnist`, or a synthetic one with its options ("linear-regression?dims=8&seed=1");
 * - a path that ends in .safetensors or .npz, see datasetFromTensors;
 * - an IDX pair, gzipped or not: "images,labels", or the path of the images, where the labels' is found by writing
 *   "labels" for "images" and "idx1" for "idx3" in its last part;
 * - a CIFAR-10 binary batch, ending in .bin.
 * Images have example shape [C, H, W].
 *
 * @throws InputError for a name or ending that is not known, and for all that the readers refuse
 */
export async function loadDataset(data: string, source: ByteSource): Promise<Dataset> {
  if (isBuiltinName(data)) return loadBuiltin(data, source);
  if (data.endsWith('.safetensors')) {
    return datasetFromTensors(data, readSafetensors(data, await source.read(data)));
  }
  if (data.endsWith('.npz')) return datasetFromTensors(data, readNpz(data, await source.read(data)));
  if (data.endsWith('.bin')) return cifar10Dataset(data, await source.read(data));
  const [images, labels] = idxPair(data);
  return idxDataset(data, images, labels, source);
}

async function loadBuiltin(data: string, source: ByteSource): Promise<Dataset> {
  if (isSyntheticName(data)) return syntheticDataset(data);
  if (!IMAGE_SETS.includes(data)) {
    const expected = `expected one of ${builtinNames().join(', ')}, or a path with "/" or "."`;
    throw new InputError(data, 'data', `is no built-in data set, ${expected}`);
  }
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

function idxPair(data: string): [string, string] {
  const parts = data.split(',');
  if (parts.length === 2 && parts[0] && parts[1]) return [parts[0], parts[1]];
  const folder = data.slice(0, data.lastIndexOf('/') + 1);
  const file = data.slice(folder.length);
  if (parts.length !== 1 || !file.includes('images')) {
    throw new InputError(
      data,
      'data',
      'cannot tell its format from its name, expected .safetensors, .npz, .bin (CIFAR-10), IDX images with "images" in the name, or "images,labels"',
    );
  }
  return [data, folder + file.replace('images', 'labels').replace('idx3', 'idx1')];
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

function cifar10Dataset(file: string, bytes: Uint8Array): Dataset {
  const { examples, x, labels } = readCifar10(file, bytes);
  return {
    name: file,
    x,
    exampleShape: [3, 32, 32],
    targets: { kind: 'classes', labels, classes: CIFAR10_CLASSES },
    examples,
  };
}
