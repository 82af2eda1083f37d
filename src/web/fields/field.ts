import type { GivenWeights } from '../files/givenFile.ts';

/** A setting as a form has it, by its key in the job's description. */
export interface Field {
  readonly key: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly input:
    | {
        readonly is: 'weights';
        /** In the list of all, of those that are chosen at first; null where there may be none. */
        readonly place: number | null;
      }
    /** A given result, if any. */
    | { readonly is: 'result' }
    | {
        readonly is: 'text';
        /** What stands there at first, and what is not told, since the job takes it by itself. */
        readonly initial: string;
        readonly default: string;
        parse(text: string): unknown;
      }
    | { readonly is: 'check'; readonly initial: boolean }
    | { readonly is: 'choice'; readonly options: readonly string[] };
}

export const weights = (key: string, label: string, place = 0): Field => ({
  key,
  label,
  input: { is: 'weights', place },
});

/** A file of a vector by the parameters' names, if any. */
export const vector = (key: string, label: string, hint: string): Field => ({
  key,
  label,
  hint,
  input: { is: 'weights', place: null },
});

/** A file of a result whose kernels are taken again, if any. */
export const kernelsOf: Field = {
  key: 'kernels',
  label: 'Kernels of a given result',
  hint: 'Its JSON: the choices of kernels that it records are taken again, so that its bits can be.',
  input: { is: 'result' },
};

/** Text that stands there at first, and is what the job takes where nothing is said. */
export const text = (
  key: string,
  label: string,
  initial: string,
  parse: (text: string) => unknown,
  hint?: string,
): Field => ({ key, label, hint, input: { is: 'text', initial, default: initial, parse } });

/** Text that may be left out: what is empty the job does without. */
export const optional = (
  key: string,
  label: string,
  initial: string,
  parse: (text: string) => unknown,
  hint?: string,
): Field => ({ key, label, hint, input: { is: 'text', initial, default: '', parse } });

export const check = (key: string, label: string, hint?: string, initial = false): Field => ({
  key,
  label,
  hint,
  input: { is: 'check', initial },
});

export const choice = (key: string, label: string, options: readonly string[], hint?: string): Field => ({
  key,
  label,
  hint,
  input: { is: 'choice', options },
});

/** What a field holds before anything was typed: text, 'on' or '' for a box, the first option. */
export function initialValue({ input }: Field): string {
  switch (input.is) {
    case 'text':
      return input.initial;
    case 'check':
      return input.initial ? 'on' : '';
    case 'choice':
      return input.options[0]!;
    default:
      return '';
  }
}

/** Weights as a job's description names them. */
export type WeightsFile = string | { readonly weights: string; readonly prefix: string };

export function weightsFile({ file, prefix }: GivenWeights): WeightsFile {
  return prefix === undefined ? file : { weights: file, prefix };
}

/** Settings by the keys of the job's description, and what is wrong with which field. */
export interface ReadFields {
  readonly values: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, string>>;
}

/**
 * What fields say; what the job takes by itself is left out.
 * @param textOf what a field holds: text as it was typed, 'on' or '' for a box
 * @param given all weights that there are, by their labels
 */
export function readFields(
  fields: readonly Field[],
  textOf: (field: Field) => string,
  given: readonly GivenWeights[],
): ReadFields {
  const values: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    try {
      const value = settingOf(field, textOf(field).trim(), given);
      if (value !== undefined) values[field.key] = value;
    } catch (error) {
      errors[field.key] = (error as Error).message;
    }
  }
  return { values, errors };
}

/** @throws Error that says what is expected */
function settingOf({ input }: Field, text: string, given: readonly GivenWeights[]): unknown {
  switch (input.is) {
    case 'weights': {
      if (input.place === null && text === '') return undefined;
      const chosen = given.find(({ label }) => label === text);
      if (chosen && input.place === null && chosen.prefix !== undefined) {
        throw new Error('Expected a file whose tensors have no prefix.');
      }
      if (chosen) return weightsFile(chosen);
      throw new Error('Expected one of the given weights.');
    }
    case 'check':
      return text === '' ? undefined : true;
    case 'result':
      return text === '' ? undefined : text;
    case 'choice':
      return text === input.options[0] ? undefined : text;
    case 'text':
      return text === input.default ? undefined : input.parse(text);
  }
}
