import { withDataOptions } from '../../data/dataOptions.ts';
import type { Dataset } from '../../data/dataset.ts';
import { fitDataset } from '../../data/dataset.ts';
import { selectExamples } from '../../data/selectExamples.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import { InputError } from '../../host/inputError.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { permutedIndex } from '../../random/permutation.ts';
import { classData } from '../classData.ts';

/** What a unit of replication trains: all of it follows from its seed. */
export interface UnitTask {
  readonly model: ModelSpec;
  /** Its own subset, with its own noise in the labels. */
  readonly train: Dataset;
  /** A fifth of the test part, by which ε is chosen, and the rest, of which accuracies are told; all labels are right. */
  readonly validation: Dataset;
  readonly test: Dataset;
  readonly start: StateValues;
}

/** What of a protocol a task follows from. */
export interface TaskOptions {
  /** Images with a test part. */
  readonly data: string;
  readonly examples: number;
  readonly labelNoise: number;
  /** Of each of two hidden layers of rectifiers. */
  readonly hidden: number;
  /** Whether these have biases: true by default. */
  readonly biases?: boolean;
  readonly unit: number;
}

/**
 * The perceptron and the data of a unit: subset, label noise and initial weights drawn by its seed.
 * @throws InputError for data that cannot be read, are too few, or have no classes or no test part
 */
export async function unitTask(
  { data, examples, labelNoise, hidden, biases = true, unit }: TaskOptions,
  host: ByteSource,
): Promise<UnitTask> {
  const { dataset: all, inputs, classes } = await classData(data, host);
  if (!all.test) throw new InputError(data, 'test', 'there is none, expected images with a test part');
  const drawn = withDataOptions(all, { subset: examples, labelNoise, dataSeed: deriveSeed(unit, 'data') });
  const model = perceptron([inputs, hidden, hidden, classes], biases);
  const { test, ...train } = fitDataset(drawn, model, 'model').dataset;
  const [validation, tested] = parted(test!);
  return { model, train, validation, test: tested, start: startOf(model, unit) };
}

/** A fifth of a data set and the rest, drawn once for all units: built-in sets have their classes take turns. */
function parted(dataset: Dataset): [Dataset, Dataset] {
  const { examples } = dataset;
  const fifth = Math.floor(examples / 5);
  const from = (first: number, count: number): Dataset =>
    selectExamples(
      dataset,
      Array.from({ length: count }, (_, i) => permutedIndex(0, 0, examples, first + i)),
    );
  return [from(0, fifth), from(fifth, examples - fifth)];
}

/** Fully connected layers of these widths, rectifiers between them, cross-entropy. */
function perceptron(widths: readonly number[], biases: boolean): ModelSpec {
  const layers = widths.slice(1).flatMap((width, i) => [
    ...(i > 0 ? [{ type: 'ReLU' }] : []),
    {
      type: 'Linear',
      in_features: widths[i],
      out_features: width,
      bias: biases || i === widths.length - 2,
    },
  ]);
  return parseModel('model', { layers, loss: 'cross_entropy' });
}

/** Initial weights of a unit. */
export function startOf(model: ModelSpec, unit: number): StateValues {
  const initial = initialStateDict(model, deriveSeed(unit, 'init'));
  return new Map([...initial].map(([name, { data }]) => [name, data]));
}
