import { readSafetensors } from '../../data/safetensors.ts';
import { stateDictPrefixes } from '../../nn/stateDict.ts';

/** Weights in a file: all of its tensors, or those under a prefix. */
export interface GivenWeights {
  /** By which a reader knows them. */
  readonly label: string;
  readonly file: string;
  readonly prefix?: string;
}

/** A file that the page was given, by what it is for. */
export type GivenFile = { readonly name: string; readonly blob: Blob } & (
  | { readonly is: 'model' | 'data' }
  | { readonly is: 'weights'; readonly weights: readonly GivenWeights[] }
);

/**
 * Tells what a file is for: a model by .json, weights or data by the names of a safetensors file's tensors, all else as data.
 * @throws InputError for a safetensors file that is refused
 */
export async function givenFile(file: File): Promise<GivenFile> {
  const { name } = file;
  if (/\.json$/i.test(name)) return { name, blob: file, is: 'model' };
  if (!/\.safetensors$/i.test(name)) return { name, blob: file, is: 'data' };
  const tensors = [...readSafetensors(name, new Uint8Array(await file.arrayBuffer())).keys()];
  if (tensors.includes('x') && tensors.includes('y')) return { name, blob: file, is: 'data' };
  return { name, blob: file, is: 'weights', weights: weightsOf(name, tensors) };
}

/** A state dict for each prefix that tensors have. */
function weightsOf(file: string, tensors: readonly string[]): GivenWeights[] {
  return stateDictPrefixes(tensors).map((prefix) =>
    prefix === '' ? { label: file, file } : { label: `${file}: ${prefix.slice(0, -1)}`, file, prefix },
  );
}
