import { readSafetensors } from '../../data/safetensors.ts';
import { InputError } from '../../host/inputError.ts';
import { stateDictPrefixes } from '../../nn/stateDict.ts';

/** Weights in a file: all of its tensors, or those under a prefix. */
export interface GivenWeights {
  /** By which a reader knows them. */
  readonly label: string;
  readonly file: string;
  readonly prefix?: string;
}

/** A tensor as a file names it. */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A file that the page was given, by what it is for. */
export type GivenFile = {
  readonly name: string;
  readonly blob: Blob;
  /** Made by the page, so that it is nowhere else. */
  readonly made?: boolean;
  /** The kept run that it is of, by its id. */
  readonly run?: string;
} & (
  | { readonly is: 'model' | 'data' }
  /** With the choices of kernels that it records. */
  | { readonly is: 'result'; readonly kernels: unknown }
  | {
      readonly is: 'weights';
      readonly weights: readonly GivenWeights[];
      readonly tensors: readonly TensorShape[];
    }
);

/** Files of PyTorch's own format. */
const PICKLE = /\.(pt|pth|ckpt|pkl|pickle)$/i;

/**
 * Tells what a file is for: a model by .json, or a result where it records kernels; weights or data by the names of a safetensors file's tensors, all else as data.
 * @throws InputError for a safetensors file that is refused, and for a pickle
 */
export async function givenFile(file: File): Promise<GivenFile> {
  const { name } = file;
  if (PICKLE.test(name)) {
    const cure = 'expected safetensors: save_file(model.state_dict(), "weights.safetensors") writes it';
    throw new InputError(name, 'file', `is a pickle by its name, which can hold any program; ${cure}`);
  }
  if (/\.json$/i.test(name)) {
    const kernels = recordedKernels(await file.text());
    return kernels === undefined
      ? { name, blob: file, is: 'model' }
      : { name, blob: file, is: 'result', kernels };
  }
  if (!/\.safetensors$/i.test(name)) return { name, blob: file, is: 'data' };
  const read = readSafetensors(name, new Uint8Array(await file.arrayBuffer()));
  if (read.has('x') && read.has('y')) return { name, blob: file, is: 'data' };
  const tensors = [...read].map(([name, { shape }]) => ({ name, shape }));
  return { name, blob: file, is: 'weights', weights: weightsOf(name, [...read.keys()]), tensors };
}

/** The kernels that a result records; undefined for what is none. A file that is no JSON the job refuses. */
function recordedKernels(text: string): unknown {
  try {
    const { kernels, layers } = JSON.parse(text) as { kernels?: unknown; layers?: unknown };
    return Array.isArray(layers) ? undefined : kernels;
  } catch {
    return undefined;
  }
}

/** Whether a prefix is neither of last weights nor of those of a replica. */
const isAverage = (prefix: string): boolean => !/^(replica\.\d+\.)?$/.test(prefix);

/** A state dict for each prefix that tensors have, averages after what they are beside. */
function weightsOf(file: string, tensors: readonly string[]): GivenWeights[] {
  const prefixes = stateDictPrefixes(tensors);
  prefixes.sort((a, b) => Number(isAverage(a)) - Number(isAverage(b)));
  return prefixes.map((prefix) =>
    prefix === '' ? { label: file, file } : { label: `${file}: ${prefix.slice(0, -1)}`, file, prefix },
  );
}
