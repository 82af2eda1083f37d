import { InputError } from '../host/inputError.ts';
import { type LayerSpec, type LossName, type ModelSpec, parseModel, stateDictLayout } from './modelSpec.ts';

/** A model as a program writes it: its layers (`sequential(…)`), or what a model.json holds. */
export type GivenModel = readonly LayerSpec[] | ModelSpec;

/**
 * The model that was given, checked as a model.json is.
 * @param file how messages name it
 * @param loss of one example, beside layers that have none; `cross_entropy` by default
 * @throws InputError naming the layer or key; for a loss that is given twice, and for a model without parameters
 */
export function modelFrom(file: string, given: GivenModel, loss?: LossName): ModelSpec {
  const model = parseModel(file, described(file, given, loss));
  requireParameters(file, model);
  return model;
}

function described(file: string, given: GivenModel, loss?: LossName): unknown {
  if (Array.isArray(given)) return { layers: given, loss: loss ?? 'cross_entropy' };
  if (typeof given !== 'object' || given === null || loss === undefined) return given;
  const { loss: own } = given as ModelSpec;
  if (own !== undefined && own !== loss) {
    const reason = `is "${own}" in the model and "${loss}" beside it, expected in one of the two`;
    throw new InputError(file, 'loss', reason);
  }
  return { ...given, loss };
}

/** @throws InputError for a model without parameters */
export function requireParameters(file: string, model: ModelSpec): void {
  if (stateDictLayout(model).some(({ kind }) => kind === 'parameter')) return;
  throw new InputError(
    file,
    'layers',
    'none of them has parameters, so there is nothing to train or to measure',
  );
}
