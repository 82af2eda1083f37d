import { InputError } from '../host/inputError.ts';
import type { Dataset } from './dataset.ts';
import { gaussianClusters } from './synthetic/gaussianClusters.ts';
import { linearRegression } from './synthetic/linearRegression.ts';
import { markovText } from './synthetic/markovText.ts';
import { quadratic } from './synthetic/quadratic.ts';
import type { SyntheticKind } from './synthetic/syntheticKind.ts';
import { teacherStudent } from './synthetic/teacherStudent.ts';

const kinds: Record<string, SyntheticKind> = {
  'gaussian-clusters': gaussianClusters,
  'teacher-student': teacherStudent,
  'linear-regression': linearRegression,
  quadratic,
  'markov-text': markovText,
};

/** The synthetic data sets, without options. */
export function syntheticNames(): string[] {
  return Object.keys(kinds);
}

/** Whether a name, with or without options, is one of a synthetic data set. */
export function isSyntheticName(name: string): boolean {
  return Object.hasOwn(kinds, name.split('?', 1)[0] as string);
}

/** Whether a name says by which seed the data set is drawn. */
export function saysItsSeed(name: string): boolean {
  return /[?&]seed=/.test(name);
}

/**
 * A synthetic data set by name, options as a query string: "gaussian-clusters?examples=2000&classes=4&seed=1". What is
 * left out has the default of the data set's file under synthetic/. Equal on every machine for equal options.
 *
 * @throws InputError for an unknown name or option, an option given twice, a value out of its range
 */
export function syntheticDataset(name: string): Dataset {
  const { kind, options } = parse(name);
  return { ...kind.generate(options), name };
}

/** The options of a synthetic data set's name, defaults filled in. @throws InputError, as syntheticDataset */
export function syntheticOptions(name: string): Record<string, number> {
  return parse(name).options;
}

function parse(name: string): { kind: SyntheticKind; options: Record<string, number> } {
  const [base, query = ''] = name.split(/\?(.*)/s) as [string, string?];
  const kind = isSyntheticName(name) ? kinds[base] : undefined;
  if (!kind)
    throw new InputError(name, 'data', `is no synthetic data set, expected ${syntheticNames().join(', ')}`);
  const options = Object.fromEntries(
    Object.entries(kind.options).map(([key, option]) => [key, option.default]),
  );
  const given = new Set<string>();
  for (const [key, text] of new URLSearchParams(query)) {
    const option = Object.hasOwn(kind.options, key) ? kind.options[key] : undefined;
    if (!option || given.has(key)) {
      const known = Object.keys(kind.options).join(', ');
      throw new InputError(
        name,
        key,
        `${option ? 'option given twice' : 'unknown option'}, expected ${known}`,
      );
    }
    given.add(key);
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const [least, most] = option.range;
    if (!(value >= least && value <= most) || (option.integer && !Number.isInteger(value))) {
      const type = option.integer ? 'an integer' : 'a number';
      throw new InputError(name, key, `is "${text}", expected ${type} from ${least} to ${most}`);
    }
    options[key] = value;
  }
  return { kind, options };
}
