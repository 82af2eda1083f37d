import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import type { Dataset } from './dataset.ts';

/**
 * Refuses what is no data set.
 * @param by what it was given to, for the message
 * @throws InputError
 */
export function requireDataset(by: string, item: string, given: unknown): asserts given is Dataset {
  requireAwaited(by, item, given);
  const isObject = typeof given === 'object' && given !== null;
  if (isObject && 'x' in given && 'targets' in given && 'examples' in given) return;
  const found = given === undefined ? 'missing' : `is ${showValue(given)}`;
  const makers =
    isObject && 'x' in given && 'y' in given
      ? 'datasetFromArrays makes of x and y'
      : 'datasetFromArrays, loadDataset, datasetFromTensors and syntheticDataset give it';
  throw new InputError(by, item, `${found}, expected a data set, as ${makers}`);
}
