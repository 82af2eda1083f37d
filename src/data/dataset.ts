import { elementCount, finiteFloat32, type HostTensor, showDtype } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { inferShapes, type ModelSpec } from '../nn/modelSpec.ts';

/**
 * What a model should answer: a class index for each example, or `width` numbers, row-major [N, width]; for cross_entropy
 * these are the classes' probabilities.
 */
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

/** A label beyond this is no index of a class: a date, an identifier, a value to be predicted. */
const LARGEST_LABEL = 2 ** 24 - 1;

/**
 * A data set from a file's tensors: `x` (float32, or uint8 taken as value/255) of shape [N, …], and `y`: class indices
 * (integers or booleans, [N]) or float32 targets [N, K]. Other floating-point types are brought to float32; other
 * tensors of the file are left alone. `classes` is the largest label + 1.
 *
 * @throws InputError naming file and tensor: missing, wrong dtype or shape, no examples, a different number of
 *   examples in x and y, a label below 0 or above 2²⁴ − 1, a NaN or an infinity
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
    throw new InputError(file, name, `found dtype ${showDtype(tensor)}, expected ${expected}`);
  }
  return finiteFloat32(file, name, tensor);
}

/** The types that labels have in files; booleans are the classes 0 and 1. */
const LABEL_DTYPES = ['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL'];

function targetsOf(file: string, y: HostTensor, examples: number): Targets {
  if (LABEL_DTYPES.includes(y.dtype)) {
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
      `found targets of shape ${showShape(y.shape)}, expected [${examples}, K] with K ≥ 1; they are floating point: class ` +
        `indices are integers [${examples}], and one value for each example has shape [${examples}, 1]`,
    );
  }
  return { kind: 'values', y: values, width };
}

function classTargets(file: string, y: HostTensor): Targets {
  const labels = new Uint32Array(y.data.length);
  let largest = 0;
  for (const [example, label] of y.data.entries()) {
    if (label < 0 || label > LARGEST_LABEL) {
      throw new InputError(
        file,
        'y',
        `example ${example} has label ${label}, expected a class index from 0 to ${LARGEST_LABEL}; number the classes ` +
          `from 0, or give values to be predicted as floating point [${y.data.length}, K] with the loss mse`,
      );
    }
    labels[example] = Number(label);
    largest = Math.max(largest, Number(label));
  }
  return { kind: 'classes', labels, classes: largest + 1 };
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

/** How far the probabilities of an example may sum to something else than 1: half-precision rounds each by 5·10⁻⁴ of it. */
const SUM_TOLERANCE = 1e-3;

/**
 * Refuses targets that the model's loss cannot take: cross_entropy wants class indices below the number of outputs, or a
 * probability for each of them, mse as many values as outputs.
 * @throws InputError naming the first example whose label is too large, or whose targets are no probabilities
 */
export function requireTargets({ name, targets }: Dataset, { loss }: ModelSpec, outputs: number): void {
  const refuse = (reason: string): InputError => new InputError(name, 'y', reason);
  if (targets.kind === 'values') {
    if (targets.width !== outputs) {
      const classes = loss === 'cross_entropy' ? ', or class indices as integers' : '';
      throw refuse(
        `found ${targets.width} targets for each example, expected the model's ${outputs} outputs${classes}`,
      );
    }
    if (loss === 'cross_entropy') requireProbabilities(targets, refuse);
    return;
  }
  if (loss !== 'cross_entropy')
    throw refuse(`found class indices, expected float targets [N, ${outputs}] for ${loss}`);
  if (targets.classes <= outputs) return;
  const example = targets.labels.findIndex((label) => label >= outputs);
  if (example >= 0) {
    const found = `example ${example} has label ${targets.labels[example]}`;
    const from1 = targets.labels.includes(0) ? '' : '; no label is 0, classes are numbered from 0';
    throw refuse(`${found}, expected less than the model's ${outputs} outputs${from1}`);
  }
}

function requireProbabilities(
  { y, width }: Extract<Targets, { kind: 'values' }>,
  refuse: (reason: string) => InputError,
): void {
  const no = (found: string): InputError =>
    refuse(
      `found float targets, expected class indices as integers, or class probabilities, for cross_entropy: ${found}`,
    );
  for (let begin = 0; begin < y.length; begin += width) {
    const example = begin / width;
    let sum = 0;
    for (let c = 0; c < width; c++) {
      const p = y[begin + c]!;
      if (p < 0 || p > 1) throw no(`example ${example} has ${p} for class ${c}`);
      sum += p;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw no(`those of example ${example} sum to ${Number(sum.toPrecision(6))}, expected 1`);
    }
  }
}
