import type { Dataset } from './dataset.ts';

/** The examples of a data set from one place up to another, sharing its memory, without its test part. */
export function exampleRange({ test: _, ...dataset }: Dataset, from: number, to: number): Dataset {
  const { x, exampleShape, targets } = dataset;
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  const rows = <T extends Float32Array | Uint8Array | Uint32Array>(values: T, width: number): T =>
    values.subarray(from * width, to * width) as T;
  return {
    ...dataset,
    x: rows(x, features),
    targets:
      targets.kind === 'classes'
        ? { ...targets, labels: rows(targets.labels, targets.positions ?? 1) }
        : { ...targets, y: rows(targets.y, targets.width) },
    examples: to - from,
  };
}
