import { flatValues } from '../nn/flatValues.ts';
import { flatLayout } from '../ops/flat.ts';
import type { Tensor } from '../ops/graph.ts';
import { linear } from '../ops/linear.ts';
import { relu } from '../ops/relu.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import type { BasinNetwork } from './basinNetwork.ts';
import type { MlpTask } from './benchCase.ts';

/** The task's perceptron as the engine keeps it: weights [out, in], one flat vector. */
export type Perceptron = BasinNetwork;

export function perceptron(task: MlpTask, of: Pick<MlpTask, 'w1' | 'b1' | 'w2' | 'b2'> = task): Perceptron {
  const { inputs, hidden, classes } = task;
  const tensors = [
    { name: '0.weight', shape: [hidden, inputs], values: transposed(of.w1, inputs, hidden) },
    { name: '0.bias', shape: [hidden], values: of.b1 },
    { name: '2.weight', shape: [classes, hidden], values: transposed(of.w2, hidden, classes) },
    { name: '2.bias', shape: [classes], values: of.b2 },
  ];
  const layout = flatLayout(tensors);
  const values = new Map(tensors.map((t) => [t.name, t.values]));
  const theta = flatValues(layout, values);
  return { layout, values, theta, exampleShape: [inputs], losses: perceptronLosses };
}

/** Loss of each example. x [B, inputs], labels [B] → [B]. */
export function perceptronLosses(parameters: readonly Tensor[], x: Tensor, labels: Tensor): Tensor {
  const [w1, b1, w2, b2] = parameters;
  return softmaxCrossEntropy(linear(relu(linear(x, w1!, b1!)), w2!, b2!), labels);
}

/** A flat vector of the engine in the order w1, b1, w2, b2, weights [in, out], without padding. */
export function taskOrder(
  { inputs, hidden, classes }: MlpTask,
  { layout }: Perceptron,
  flat: Float32Array,
): Float32Array {
  const [w1, b1, w2, b2] = layout.entries.map(({ offset, shape }) =>
    flat.subarray(offset, offset + shape.reduce((product, extent) => product * extent, 1)),
  );
  return Float32Array.from([
    ...transposed(w1!, hidden, inputs),
    ...b1!,
    ...transposed(w2!, classes, hidden),
    ...b2!,
  ]);
}

/** [rows, columns] → [columns, rows]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const across = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      across[column * rows + row] = values[row * columns + column]!;
  }
  return across;
}
