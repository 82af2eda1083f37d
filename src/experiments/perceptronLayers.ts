import type { Dataset } from '../data/dataset.ts';
import { impliedClasses } from '../data/impliedClasses.ts';
import { linear, relu, sequential } from '../nn/layers.ts';
import type { LayerSpec } from '../nn/modelSpec.ts';

/** One hidden layer of ReLU units between the examples of a data set and its classes. */
export function perceptronLayers(data: Dataset, hidden: number): readonly LayerSpec[] {
  const inputs = data.exampleShape.reduce((product, extent) => product * extent, 1);
  return sequential(linear(inputs, hidden), relu(), linear(hidden, impliedClasses(data).classes));
}
