import { InputError } from '../host/inputError.ts';
import type { Dataset } from './dataset.ts';
import { exampleRange } from './exampleRange.ts';

/**
 * The first `count` examples of a data set, sharing its memory.
 * @throws InputError if it has fewer
 */
export function firstExamples(dataset: Dataset, count: number): Dataset {
  const { name, examples } = dataset;
  if (count > examples)
    throw new InputError(name, 'examples', `it has ${examples}, expected at least ${count}`);
  return exampleRange(dataset, 0, count);
}
