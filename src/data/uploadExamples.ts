import type { Gpu } from '../gpu/device.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { size } from '../ops/graph.ts';
import type { Examples } from '../ops/state/gather.ts';
import type { Dataset } from './dataset.ts';

/** A data set in device memory, bytes as bytes. `dispose` frees it. */
export interface ResidentExamples extends Examples {
  dispose(): void;
  /** `dispose`, at the end of the block of `using examples = uploadExamples(…)`. */
  [Symbol.dispose](): void;
}

/**
 * Memory for a data set, zeros as yet.
 * @throws LimitError if it passes the adapter's largest storage binding, with both sizes
 */
export function placeExamples(
  gpu: Gpu,
  { name, x, exampleShape, examples, targets }: Dataset,
): ResidentExamples {
  return Scope.makeNow((scope) => {
    const features = size(exampleShape);
    const bytes = x instanceof Uint8Array;
    const rowWords = bytes ? Math.ceil(features / 4) : features;
    const state = (what: string, width: number, dtype: 'f32' | 'u32'): State =>
      scope.own(new State(gpu, { label: `${name} ${what}`, shape: [examples, width], dtype }));
    return {
      data: state('x', rowWords, 'u32'),
      bytes,
      exampleShape,
      targets: targets.kind === 'classes' ? state('y', 1, 'u32') : state('y', targets.width, 'f32'),
      examples,
      dispose: () => scope.dispose(),
      [Symbol.dispose]: () => scope.dispose(),
    };
  });
}

/** Uploads a data set's values into its memory. */
export function writeExamples(resident: Examples, { x, exampleShape, examples, targets }: Dataset): void {
  const words =
    x instanceof Uint8Array
      ? packRows(x, size(exampleShape), resident.data.shape[1]!, examples)
      : new Uint32Array(x.buffer, x.byteOffset, x.length);
  resident.data.write(words);
  resident.targets.write(targets.kind === 'classes' ? targets.labels : targets.y);
}

/**
 * Uploads a data set once; all replicas share it.
 * @throws LimitError if it passes the adapter's largest storage binding, with both sizes
 */
export function uploadExamples(gpu: Gpu, dataset: Dataset): ResidentExamples {
  return Scope.makeNow((scope) => {
    const resident = scope.own(placeExamples(gpu, dataset));
    writeExamples(resident, dataset);
    return resident;
  });
}

/** Each row padded to whole words, so that a word holds bytes of one example. */
function packRows(x: Uint8Array, features: number, rowWords: number, examples: number): Uint32Array {
  const rows = new Uint8Array(4 * rowWords * examples);
  if (features === 4 * rowWords) rows.set(x);
  else {
    for (let n = 0; n < examples; n++)
      rows.set(x.subarray(n * features, (n + 1) * features), 4 * n * rowWords);
  }
  return new Uint32Array(rows.buffer);
}
