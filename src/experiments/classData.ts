import type { Dataset } from '../data/dataset.ts';
import { impliedClasses } from '../data/impliedClasses.ts';
import { loadDataset } from '../data/loadDataset.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { InputError } from '../host/inputError.ts';

/** Data with class labels, and what a perceptron on them begins and ends with. */
export interface ClassData {
  readonly dataset: Dataset;
  readonly inputs: number;
  readonly classes: number;
}

/** @throws InputError for data that cannot be read, or have no classes */
export async function classData(data: string, host: ByteSource): Promise<ClassData> {
  const dataset = await loadDataset(data, host);
  const { targets, exampleShape } = dataset;
  if (targets.kind !== 'classes') {
    throw new InputError(data, 'y', `holds ${targets.width} values an example, expected class labels`);
  }
  return {
    dataset,
    inputs: exampleShape.reduce((product, extent) => product * extent, 1),
    classes: impliedClasses(dataset).classes,
  };
}
