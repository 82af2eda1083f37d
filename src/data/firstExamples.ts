import { InputError } from '../host/inputError.ts';
import type { Dataset } from './dataset.ts';

/**
 * The first `count` examples of a data set, sharing its memory.
 * @throws InputError if it has fewer
 */
export function firstExamples(dataset: Dataset, count: number): Dataset {
  const { name, x, exampleShape, targets, examples } = dataset;
  if (count > examples)
    throw new InputError(name, 'examples', `it has ${examples}, expected at least ${count}`);
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  return {
    name,
    x: x.subarray(0, count * features),
    exampleShape,
    targets:
      targets.kind === 'classes'
        ? { ...targets, labels: targets.labels.subarray(0, count) }
        : { ...targets, y: targets.y.subarray(0, count * targets.width) },
    examples: count,
  };
}
