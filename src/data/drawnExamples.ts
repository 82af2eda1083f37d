import { InputError } from '../host/inputError.ts';
import { permutedIndex } from '../random/permutation.ts';
import type { Dataset } from './dataset.ts';
import { selectExamples } from './selectExamples.ts';

/**
 * So many examples of a data set, drawn without replacement: the first of its permutation by the seed.
 * @throws InputError if it has fewer
 */
export function drawnExamples(dataset: Dataset, count: number, seed: number): Dataset {
  const { name, examples } = dataset;
  if (count > examples)
    throw new InputError(name, 'examples', `it has ${examples}, expected at least ${count}`);
  return selectExamples(
    dataset,
    Array.from({ length: count }, (_, i) => permutedIndex(seed, 0, examples, i)),
  );
}
