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

/** What each of several replicas has of its own, where it does not train on the data of the others. */
export interface OwnData {
  readonly inputs: boolean;
  readonly targets: boolean;
}

/** What of their data sets replicas do not share: those are alike in all but the values, and shared values are one array. */
export function ownData(datasets: readonly Dataset[]): OwnData {
  const values = ({ targets }: Dataset) => (targets.kind === 'classes' ? targets.labels : targets.y);
  const differ = (of: (dataset: Dataset) => unknown): boolean => new Set(datasets.map(of)).size > 1;
  return { inputs: differ(({ x }) => x), targets: differ(values) };
}

/**
 * Memory for a data set, zeros as yet; with `own` for one of each of so many replicas, as far as they differ.
 * @throws LimitError if it passes the adapter's largest storage binding, with both sizes
 */
export function placeExamples(
  gpu: Gpu,
  { name, x, exampleShape, examples, targets }: Dataset,
  { inputs, targets: labels, replicas }: OwnData & { readonly replicas: number } = SHARED,
): ResidentExamples {
  return Scope.makeNow((scope) => {
    const features = size(exampleShape);
    const elements = elementsOf(x);
    const rowWords = elements === 'bytes' ? Math.ceil(features / 4) : features;
    const state = (what: string, width: number, dtype: 'f32' | 'u32', own: boolean): State => {
      const options = { label: `${name} ${what}`, shape: [examples, width], dtype };
      return scope.own(new State(gpu, { ...options, replicas: own ? replicas : undefined }));
    };
    return {
      data: state('x', rowWords, 'u32', inputs),
      elements,
      exampleShape,
      targets:
        targets.kind === 'classes'
          ? state('y', targets.positions ?? 1, 'u32', labels)
          : state('y', targets.width, 'f32', labels),
      examples,
      dispose: () => scope.dispose(),
      [Symbol.dispose]: () => scope.dispose(),
    };
  });
}

function elementsOf(x: Dataset['x']): Examples['elements'] {
  if (x instanceof Uint8Array) return 'bytes';
  return x instanceof Uint32Array ? 'indices' : 'floats';
}

const SHARED = { inputs: false, targets: false, replicas: 1 };

/** Uploads the values of a data set, or of each replica's, into their memory. */
export function writeExamples(resident: Examples, datasets: readonly Dataset[]): void {
  const { data, targets } = resident;
  for (let replica = 0; replica < data.replicas; replica++) {
    const { x, exampleShape, examples } = datasets[replica]!;
    const words =
      x instanceof Uint8Array
        ? packRows(x, size(exampleShape), data.shape[1]!, examples)
        : new Uint32Array(x.buffer, x.byteOffset, x.length);
    data.write(words, { replica });
  }
  for (let replica = 0; replica < targets.replicas; replica++) {
    const own = datasets[replica]!.targets;
    targets.write(own.kind === 'classes' ? own.labels : own.y, { replica });
  }
}

/**
 * Uploads a data set once; all replicas share it.
 * @throws LimitError if it passes the adapter's largest storage binding, with both sizes
 */
export function uploadExamples(gpu: Gpu, dataset: Dataset): ResidentExamples {
  return Scope.makeNow((scope) => {
    const resident = scope.own(placeExamples(gpu, dataset));
    writeExamples(resident, [dataset]);
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
