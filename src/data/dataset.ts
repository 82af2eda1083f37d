import { elementCount, finiteFloat32, type HostTensor, showDtype } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { inferShapes, type ModelSpec } from '../nn/modelSpec.ts';

/**
 * What a model should answer: a class index for each example, or for each of the `positions` of a sequence, row-major
 * [N, positions]; or `width` numbers, row-major [N, width]; for cross_entropy these are the classes' probabilities.
 */
export type Targets =
  | { kind: 'classes'; labels: Uint32Array; classes: number; positions?: number | undefined }
  | { kind: 'values'; y: Float32Array; width: number };

/** Examples in host memory. */
export interface Dataset {
  /** How messages name it: the built-in's name or the file's path. */
  name: string;
  /** [examples, ...exampleShape], row-major; bytes stand for value/255, 32-bit integers for class indices, which an Embedding takes. */
  x: Float32Array | Uint8Array | Uint32Array;
  /** Of class indices in x: each is less. */
  symbols?: number | undefined;
  exampleShape: number[];
  targets: Targets;
  examples: number;
  /** Built-in data sets come with examples that are not trained on. */
  test?: Dataset;
}

/** A label beyond this is no index of a class: a date, an identifier, a value to be predicted. */
const LARGEST_LABEL = 2 ** 24 - 1;

/**
 * A data set from a file's tensors: `x` (float32, uint8 taken as value/255, or other integers: class indices, as of the
 * tokens of a text) of shape [N, …], and `y`: class indices (integers or booleans, [N], or [N, T] for sequences x [N, T] of
 * integers, of which uint8 is one then) or float32 targets [N, K]. Other floating-point types are brought to float32; other
 * tensors of the file are left alone. `classes` is the largest label + 1.
 *
 * @throws InputError naming file and tensor: missing, wrong dtype or shape, no examples, a different number of
 *   examples in x and y, a label or index below 0 or above 2²⁴ − 1, a NaN or an infinity
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
  const targets = targetsOf(file, y, x.shape);
  const ofSequences = targets.kind === 'classes' && targets.positions !== undefined;
  if (x.dtype !== 'U8' ? INDEX_DTYPES.includes(x.dtype) : ofSequences) {
    const { indices, count } = classIndices(file, 'x', x);
    return { name: file, x: indices, symbols: count, exampleShape, targets, examples };
  }
  if (ofSequences) {
    const found = `found class indices of shape ${showShape(y.shape)}`;
    throw new InputError(
      file,
      'y',
      `${found}, expected [${examples}]: x is of dtype ${showDtype(x)}, no sequences of integers`,
    );
  }
  const values = x.dtype === 'U8' ? (x.data as Uint8Array) : floats(file, 'x', x, 'F32, U8 or class indices');
  return { name: file, x: values, exampleShape, targets, examples };
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

/** The types of what are class indices in files, and no pixels. */
const INDEX_DTYPES = ['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16'];
/** The types that labels have in files; booleans are the classes 0 and 1. */
const LABEL_DTYPES = [...INDEX_DTYPES, 'U8', 'BOOL'];

function targetsOf(file: string, y: HostTensor, inputShape: readonly number[]): Targets {
  const [examples] = inputShape;
  if (LABEL_DTYPES.includes(y.dtype)) {
    const isSequence = inputShape.length === 2 && showShape(y.shape) === showShape(inputShape);
    if (y.shape.length !== 1 && !isSequence) {
      const sequences = inputShape.length === 2 ? `, or of sequences ${showShape(inputShape)}` : '';
      throw new InputError(
        file,
        'y',
        `found class indices of shape ${showShape(y.shape)}, expected [${examples}]${sequences}`,
      );
    }
    const { indices, count } = classIndices(file, 'y', y);
    const positions = isSequence ? { positions: inputShape[1]! } : {};
    return { kind: 'classes', labels: indices, classes: count, ...positions };
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

/** The class indices of a tensor, and one more than the largest. */
function classIndices(
  file: string,
  name: 'x' | 'y',
  { data, shape }: HostTensor,
): { readonly indices: Uint32Array; readonly count: number } {
  const indices = new Uint32Array(data.length);
  const each = data.length / shape[0]!;
  let largest = 0;
  for (const [i, index] of data.entries()) {
    if (index < 0 || index > LARGEST_LABEL) {
      const what = name === 'y' ? 'label' : 'index';
      const instead =
        name === 'y'
          ? `number the classes from 0, or give values to be predicted as floating point [${shape[0]}, K] with the loss mse`
          : 'numbers that are no indices are floating point';
      throw new InputError(
        file,
        name,
        `example ${Math.floor(i / each)} has ${what} ${index}, expected a class index from 0 to ${LARGEST_LABEL}; ${instead}`,
      );
    }
    indices[i] = Number(index);
    largest = Math.max(largest, Number(index));
  }
  return { indices, count: largest + 1 };
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
  for (const part of fitted.test ? [fitted, fitted.test] : [fitted]) {
    requireInputs(part, model);
    requireTargets(part, model, shapes.at(-1)!);
  }
  return { dataset: fitted, shapes };
}

/**
 * Refuses inputs that the model's first layer cannot take: an Embedding wants class indices that its table has, any other
 * layer numbers.
 * @throws InputError naming the first example with an index that is too large
 */
function requireInputs({ name, x, symbols = 0, exampleShape }: Dataset, { layers }: ModelSpec): void {
  const refuse = (reason: string): InputError => new InputError(name, 'x', reason);
  const first = layers[0]!;
  if (first.type !== 'Embedding') {
    if (!(x instanceof Uint32Array)) return;
    throw refuse(
      `holds integers, which are class indices, expected numbers (float32) for a model that begins with ${first.type}; an ` +
        'Embedding takes class indices',
    );
  }
  if (!(x instanceof Uint32Array)) {
    const found = x instanceof Uint8Array ? 'bytes that stand for value/255' : 'floating-point numbers';
    throw refuse(`holds ${found}, expected class indices (integers such as int64) for an Embedding`);
  }
  const { num_embeddings: rows } = first;
  if (symbols <= rows) return;
  const at = x.findIndex((index) => index >= rows);
  if (at < 0) return;
  const example = Math.floor(at / elementCount(exampleShape));
  throw refuse(`example ${example} has index ${x[at]}, expected less than the Embedding's ${rows} rows`);
}

/** How far the probabilities of an example may sum to something else than 1: half-precision rounds each by 5·10⁻⁴ of it. */
const SUM_TOLERANCE = 1e-3;

/**
 * Refuses targets that the model's loss cannot take: cross_entropy wants class indices below the number of outputs, one for
 * each position where the output is a sequence, or a probability for each class, mse as many values as outputs.
 * @param output what the model makes of one example: [outputs], or [T, outputs]
 * @throws InputError naming the first example whose label is too large, or whose targets are no probabilities
 */
function requireTargets({ name, targets }: Dataset, { loss }: ModelSpec, output: readonly number[]): void {
  const refuse = (reason: string): InputError => new InputError(name, 'y', reason);
  const outputs = output.at(-1)!;
  const positions = output.length > 1 ? output[0]! : undefined;
  if (positions !== undefined && targets.kind === 'values') {
    throw refuse(`found float targets, expected class indices [N, ${positions}] for a model of sequences`);
  }
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
  if (targets.positions !== positions) {
    const of = (each: number | undefined): string => (each === undefined ? '[N]' : `[N, ${each}]`);
    throw refuse(
      `found class indices ${of(targets.positions)}, expected ${of(positions)} for outputs [N, ${output.join(', ')}]`,
    );
  }
  if (targets.classes <= outputs) return;
  const at = targets.labels.findIndex((label) => label >= outputs);
  if (at >= 0) {
    const found = `example ${Math.floor(at / (positions ?? 1))} has label ${targets.labels[at]}`;
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
