import type { Dataset } from './dataset.ts';

/** The examples of a data set at some indices, in their order, copied, without its test part. */
export function selectExamples({ test: _, ...dataset }: Dataset, indices: readonly number[]): Dataset {
  const { x, exampleShape, targets } = dataset;
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  const rows = <A extends Float32Array | Uint8Array | Uint32Array>(from: A, width: number): A => {
    const to = new (from.constructor as new (length: number) => A)(indices.length * width);
    indices.forEach((n, i) => {
      to.set(from.subarray(n * width, (n + 1) * width), i * width);
    });
    return to;
  };
  return {
    ...dataset,
    x: rows(x, features),
    targets:
      targets.kind === 'classes'
        ? { ...targets, labels: rows(targets.labels, targets.positions ?? 1) }
        : { ...targets, y: rows(targets.y, targets.width) },
    examples: indices.length,
  };
}
