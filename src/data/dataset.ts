import { elementCount, finiteFloat32, type HostTensor, showShape } from '../nn/hostTensor.ts';
import { InputError } from '../nn/inputError.ts';
import { inferShapes, type ModelSpec } from '../nn/modelSpec.ts';

/** What a model should answer: a class index for each example, or `width` numbers, row-major [N, width]. */
export type Targets =
  | { kind: 'classes'; labels: Uint32Array; classes: number }
  | { kind: 'values'; y: Float32Array; width: number };

/** Examples in host memory. */
export interface Dataset {
  /** How messages name it: the built-in's name or the file's path. */
  name: string;
  /** [examples, ...exampleShape], row-major; bytes stand for value/255. */
  x: Float32Array | Uint8Array;
  exampleShape: number[];
  targets: Targets;
  examples: number;
  /** Built-in data sets come with examples that are not trained on. */
  test?: Dataset;
}

const U32 = 2n ** 32n;

/**
 * A data set from a file's tensors: `x` (float32, or uint8 taken as value/255) of shape [N, …], and `y`: class indices
 * (int64, int32 or uint8, [N]) or float32 targets [N, K]. Other floating-point types are brought to float32; other
 * tensors of the file are left alone. `classes` is the largest label + 1.
 *
 * @throws InputError naming file and tensor: missing, wrong dtype or shape, no examples, a different number of
 *   examples in x and y, a negative label, a NaN or an infinity
 */
export function datasetFromTensors(file: string, tensors: ReadonlyMap<string, HostTensor>): Dataset {
  const x = required(file, 'x', tensors);
  const y = required(file, 'y', tensors);
  const [examples, ...exampleShape] = x.shape;
  if (examples === undefined || elementCount(x.shape) === 0) {
    throw new InputError(file, 'x', `found shape ${showShape(x.shape)}, expected [N, …] with N ≥ 1`);
  }
  if (y.shape[0] !== examples) {
    throw new InputError(
      file,
      'y',
      `found shape ${showShape(y.shape)}, expected ${examples} examples as in x, ${showShape(x.shape)}`,
    );
  }
  const values = x.dtype === 'U8' ? (x.data as Uint8Array) : floats(file, 'x', x, 'F32 or U8');
  return { name: file, x: values, exampleShape, targets: targetsOf(file, y, examples), examples };
}

function required(file: string, name: string, tensors: ReadonlyMap<string, HostTensor>): HostTensor {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  const found = [...tensors.keys()].join(', ') || 'no tensors';
  throw new InputError(file, name, `missing from the file, which holds ${found}; expected x and y`);
}

function floats(file: string, name: string, tensor: HostTensor, expected: string): Float32Array {
  if (!(tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)) {
    throw new InputError(file, name, `found dtype ${tensor.dtype}, expected ${expected}`);
  }
  return finiteFloat32(file, name, tensor);
}

function targetsOf(file: string, y: HostTensor, examples: number): Targets {
  if (y.dtype === 'I64' || y.dtype === 'I32' || y.dtype === 'U8') {
    if (y.shape.length !== 1) {
      throw new InputError(
        file,
        'y',
        `found class indices of shape ${showShape(y.shape)}, expected [${examples}]`,
      );
    }
    return classTargets(file, y);
  }
  const values = floats(file, 'y', y, 'class indices (I64, I32, U8) or targets (F32)');
  const width = y.shape[1];
  if (y.shape.length !== 2 || !width) {
    throw new InputError(
      file,
      'y',
      `found targets of shape ${showShape(y.shape)}, expected [${examples}, K] with K ≥ 1`,
    );
  }
  return { kind: 'values', y: values, width };
}

function classTargets(file: string, y: HostTensor): Targets {
  const labels = new Uint32Array(y.data.length);
  let classes = 0;
  for (const [example, label] of y.data.entries()) {
    if (label < 0 || label >= U32) {
      throw new InputError(
        file,
        'y',
        `example ${example} has label ${label}, expected a class index of at least 0`,
      );
    }
    labels[example] = Number(label);
    classes = Math.max(classes, Number(label) + 1);
  }
  return { kind: 'classes', labels, classes };
}

/**
 * The data set in the shape that the model reads. Where the first layer is Linear and its in_features are the product
 * of an example's dimensions, the examples are flattened: MNIST's [1, 28, 28] goes into Linear(784, …) without a
 * Flatten. Any other shape is left as it is, for inferShapes to judge.
 */
export function fitExampleShape(dataset: Dataset, model: ModelSpec): Dataset {
  const first = model.layers[0];
  if (first?.type !== 'Linear' || first.in_features !== elementCount(dataset.exampleShape)) return dataset;
  const flat: Dataset = { ...dataset, exampleShape: [first.in_features] };
  if (dataset.test) flat.test = fitExampleShape(dataset.test, model);
  return flat;
}

/** A data set in the model's shape, and the shapes of one example before and after every layer. */
export interface FittedDataset {
  dataset: Dataset;
  shapes: number[][];
}

/**
 * Brings a data set and a model together: fitExampleShape, inferShapes, requireTargets.
 * @throws InputError where they do not fit
 */
export function fitDataset(dataset: Dataset, model: ModelSpec, modelFile = 'model.json'): FittedDataset {
  const fitted = fitExampleShape(dataset, model);
  const shapes = inferShapes(model, fitted.exampleShape, modelFile);
  const outputs = shapes.at(-1)?.[0] as number;
  requireTargets(fitted, model, outputs);
  if (fitted.test) requireTargets(fitted.test, model, outputs);
  return { dataset: fitted, shapes };
}

/**
 * Refuses targets that the model's loss cannot take: cross_entropy wants class indices below the number of outputs,
 * mse as many values as outputs.
 * @throws InputError naming the first example whose label is too large
 */
export function requireTargets({ name, targets }: Dataset, { loss }: ModelSpec, outputs: number): void {
  const refuse = (reason: string): InputError => new InputError(name, 'y', reason);
  if (targets.kind === 'values') {
    if (loss !== 'mse') throw refuse(`found float targets, expected class indices for ${loss}`);
    if (targets.width !== outputs) {
      throw refuse(
        `found ${targets.width} targets for each example, expected the model's ${outputs} outputs`,
      );
    }
    return;
  }
  if (loss !== 'cross_entropy')
    throw refuse(`found class indices, expected float targets [N, ${outputs}] for ${loss}`);
  if (targets.classes <= outputs) return;
  const example = targets.labels.findIndex((label) => label >= outputs);
  if (example >= 0) {
    throw refuse(
      `example ${example} has label ${targets.labels[example]}, expected less than the model's ${outputs} outputs`,
    );
  }
}
