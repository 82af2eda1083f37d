import type { Dataset } from '../data/dataset.ts';

/** The first examples of a data set of classes, shaped as a model takes them; of those for testing as many at the most as `test`. */
export function firstImages(
  dataset: Dataset,
  examples: number,
  exampleShape: readonly number[],
  test = 0,
): Dataset {
  const elements = exampleShape.reduce((product, extent) => product * extent, 1);
  const { name, targets } = dataset;
  if (targets.kind !== 'classes') throw new Error(`${name} has no classes`);
  return {
    name,
    examples,
    exampleShape: [...exampleShape],
    x: dataset.x.subarray(0, examples * elements),
    targets: { ...targets, labels: targets.labels.subarray(0, examples) },
    ...(test > 0 ? { test: firstImages(dataset.test!, test, exampleShape) } : {}),
  };
}
