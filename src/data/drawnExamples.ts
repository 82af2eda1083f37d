import { InputError } from '../host/inputError.ts';
import { permutedIndex } from '../random/permutation.ts';
import type { Dataset } from './dataset.ts';

/**
 * So many examples of a data set, drawn without replacement: the first of its permutation by the seed.
 * @throws InputError if it has fewer
 */
export function drawnExamples(dataset: Dataset, count: number, seed: number): Dataset {
  const { name, x, exampleShape, targets, examples } = dataset;
  if (count > examples)
    throw new InputError(name, 'examples', `it has ${examples}, expected at least ${count}`);
  const drawn = Array.from({ length: count }, (_, i) => permutedIndex(seed, 0, examples, i));
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  return {
    name,
    x: rows(x, features, drawn),
    exampleShape,
    targets:
      targets.kind === 'classes'
        ? { ...targets, labels: rows(targets.labels, 1, drawn) }
        : { ...targets, y: rows(targets.y, targets.width, drawn) },
    examples: count,
  };
}

/** Rows of so many elements, by their places. */
function rows<A extends Float32Array | Uint8Array | Uint32Array>(
  values: A,
  width: number,
  places: readonly number[],
): A {
  const taken = new (values.constructor as new (length: number) => A)(places.length * width);
  places.forEach((place, i) => {
    taken.set(values.subarray(place * width, (place + 1) * width), i * width);
  });
  return taken;
}
