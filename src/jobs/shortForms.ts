import type { Dataset } from '../data/dataset.ts';
import { impliedClasses } from '../data/impliedClasses.ts';
import { InputError } from '../host/inputError.ts';
import { characterModel } from '../nn/characterModel.ts';
import { type ModelSpec, parseModel } from '../nn/modelSpec.ts';
import type { ParsedTrainSpec } from './trainSpec.ts';

/** How messages call a model that train.json gives in short form. */
const FILE = 'train.json model';

/** A model, and how messages name it. */
export interface NamedModel {
  readonly file: string;
  readonly model: ModelSpec;
}

/** What a train.json may give in place of a model. */
export type ShortForm =
  | { readonly hidden: readonly number[]; readonly activation: string }
  | {
      readonly transformer: {
        readonly layers: number;
        readonly width: number;
        readonly heads: number;
        readonly dropout: number;
      };
    };

export function isShortForm(given: ParsedTrainSpec['model']): given is ParsedTrainSpec['model'] & ShortForm {
  return typeof given === 'object' && ('hidden' in given || 'transformer' in given);
}

/**
 * The model that a short form stands for, with the inputs and outputs of the data.
 * @param notes takes what was implied
 * @throws InputError for data that it is not for
 */
export function modelOfShortForm(given: ShortForm, dataset: Dataset, notes: string[]): NamedModel {
  return { file: FILE, model: parseModel(FILE, layersOf(given, dataset, notes)) };
}

function layersOf(given: ShortForm, dataset: Dataset, notes: string[]): object {
  return 'hidden' in given ? perceptron(given, dataset, notes) : transformer(given.transformer, dataset);
}

function perceptron(
  { hidden, activation }: Extract<ShortForm, { hidden: unknown }>,
  dataset: Dataset,
  notes: string[],
): object {
  const { targets, exampleShape, symbols, name } = dataset;
  if (symbols !== undefined) {
    const reason = `is a perceptron, and ${name} holds sequences of symbols; expected {"transformer": {"layers": 2, "width": 64, "heads": 4}} or a model`;
    throw new InputError('train.json', 'model', reason);
  }
  const inputs = exampleShape.reduce((product, extent) => product * extent, 1);
  const implied = targets.kind === 'classes' ? impliedClasses(dataset) : null;
  if (implied?.note !== undefined) notes.push(implied.note);
  const outputs = implied?.classes ?? (targets as { width: number }).width;
  const widths = [inputs, ...hidden, outputs];
  const layers = widths
    .slice(1)
    .flatMap((out_features, i) => [
      ...(i > 0 ? [{ type: activation }] : []),
      { type: 'Linear', in_features: widths[i], out_features },
    ]);
  return { layers, loss: targets.kind === 'classes' ? 'cross_entropy' : 'mse' };
}

function transformer(
  { layers, width, heads, dropout }: Extract<ShortForm, { transformer: unknown }>['transformer'],
  { name, symbols, exampleShape, targets }: Dataset,
): object {
  const refuse = (reason: string): InputError => new InputError('train.json', 'model.transformer', reason);
  if (symbols === undefined || targets.kind !== 'classes' || targets.positions === undefined)
    throw refuse(`is for sequences of symbols with a target at each position, as texts are; ${name} is none`);
  if (width % heads !== 0) throw refuse(`has a width of ${width}, expected a multiple of its ${heads} heads`);
  const [positions] = exampleShape as [number];
  const of = { places: positions, symbols, outputs: targets.classes };
  return {
    layers: characterModel(of, { layers, width, heads, dropout }),
    loss: 'cross_entropy',
  };
}
