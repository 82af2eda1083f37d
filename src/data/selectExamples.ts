import type { Dataset } from './dataset.ts';

/** The examples of a data set at some indices, in their order, copied. */
export function selectExamples(
  { name, x, exampleShape, targets }: Dataset,
  indices: readonly number[],
): Dataset {
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  const rows = <T extends Float32Array | Uint8Array | Uint32Array>(from: T, width: number, to: T): T => {
    indices.forEach((n, i) => {
      to.set(from.subarray(n * width, (n + 1) * width), i * width);
    });
    return to;
  };
  const count = indices.length;
  return {
    name,
    x:
      x instanceof Uint8Array
        ? rows(x, features, new Uint8Array(count * features))
        : rows(x, features, new Float32Array(count * features)),
    exampleShape,
    targets:
      targets.kind === 'classes'
        ? { ...targets, labels: rows(targets.labels, 1, new Uint32Array(count)) }
        : { ...targets, y: rows(targets.y, targets.width, new Float32Array(count * targets.width)) },
    examples: count,
  };
}
