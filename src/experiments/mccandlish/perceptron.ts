import type { Dataset } from '../../data/dataset.ts';
import { linear, relu, sequential } from '../../nn/layers.ts';
import type { LayerSpec } from '../../nn/modelSpec.ts';

/** A perceptron with one hidden layer of ReLU that classifies a data set's examples. */
export function perceptron({ exampleShape, targets }: Dataset, hidden: number): LayerSpec[] {
  const inputs = exampleShape.reduce((product, extent) => product * extent, 1);
  const outputs = targets.kind === 'classes' ? targets.classes : targets.width;
  return sequential(linear(inputs, hidden), relu(), linear(hidden, outputs));
}
