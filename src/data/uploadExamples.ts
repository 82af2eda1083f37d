import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import type { Examples } from '../ops/gather.ts';
import type { Dataset } from './dataset.ts';

/** A data set in device memory, bytes as bytes. `dispose` frees it. */
export interface ResidentExamples extends Examples {
  dispose(): void;
}

/**
 * Uploads a data set once; all replicas share it.
 * @throws if it passes the adapter's largest storage binding, with both sizes.
 */
export function uploadExamples(
  gpu: Gpu,
  { name, x, exampleShape, examples, targets }: Dataset,
): ResidentExamples {
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  const bytes = x instanceof Uint8Array;
  const rowWords = bytes ? Math.ceil(features / 4) : features;
  const data = new State(gpu, { label: `${name} x`, shape: [examples, rowWords], dtype: 'u32' });
  data.write(
    bytes ? packRows(x, features, rowWords, examples) : new Uint32Array(x.buffer, x.byteOffset, x.length),
  );
  const resident =
    targets.kind === 'classes'
      ? new State(gpu, { label: `${name} y`, shape: [examples, 1], dtype: 'u32' })
      : new State(gpu, { label: `${name} y`, shape: [examples, targets.width] });
  resident.write(targets.kind === 'classes' ? targets.labels : targets.y);
  return {
    data,
    bytes,
    exampleShape,
    targets: resident,
    examples,
    dispose: () => {
      data.dispose();
      resident.dispose();
    },
  };
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
