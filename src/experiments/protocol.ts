import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import type { Experiment } from './experiment.ts';

export const PRESETS = ['quick', 'standard', 'full'] as const;
export type PresetName = (typeof PRESETS)[number];

/** A part of a protocol: how many, how large, which data; of several sizes an ascending list. */
export type ProtocolValue = number | string | readonly number[];

/** All that an experiment's cells and its judgement depend on, by name. */
export type Protocol = { readonly seed: number } & Readonly<Record<string, ProtocolValue>>;

/** A preset of an experiment, with some parts changed. */
export interface WantedProtocol {
  readonly preset?: string;
  /** Parts in place of the preset's, by their names there. */
  readonly protocol?: Readonly<Record<string, unknown>>;
}

/** What is refused of an experiment's protocol, and why. */
export function refused({ id }: Pick<Experiment, 'id'>, item: string, reason: string): InputError {
  return new InputError(`experiment ${id}`, item, reason);
}

/**
 * The preset of an experiment, with parts in place of its own that are of the same kind: a text for a text, a number for a number, an
 * ascending list for a list; whole numbers of 1 or more (a seed: 0 or more) for whole numbers, others above 0. `standard` where
 * none is named.
 * @throws InputError naming the part, what was found and what was expected
 */
export function resolveProtocol<P extends Protocol>(
  experiment: Pick<Experiment<P>, 'id' | 'presets'>,
  { preset = 'standard', protocol: given = {} }: WantedProtocol,
): P {
  const known: Readonly<Record<string, P | undefined>> = experiment.presets;
  const base = Object.hasOwn(known, preset) ? known[preset] : undefined;
  if (!base) {
    const names = Object.keys(experiment.presets).join(', ');
    throw refused(experiment, 'preset', `is ${showValue(preset)}, expected one of ${names}`);
  }
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(base, key)) {
      const names = Object.keys(base).join(', ');
      throw refused(experiment, key, `is no part of the protocol, expected one of ${names}`);
    }
    const problem = problemWith(key, value, base[key]!);
    if (problem !== null) throw refused(experiment, key, problem);
  }
  return { ...base, ...given };
}

/** A part of a protocol as it is typed: a list's numbers are separated by commas. @param like the preset's */
export function readPart(text: string, like: ProtocolValue): ProtocolValue {
  const number = (part: string): number => (part.trim() === '' ? Number.NaN : Number(part));
  if (typeof like === 'string') return text;
  return typeof like === 'number' ? number(text) : text.split(',').map(number);
}

const SEED = { least: 0, most: 2 ** 31 };

function problemWith(key: string, value: unknown, like: ProtocolValue): string | null {
  if (typeof like === 'string') {
    return typeof value === 'string' ? null : `is ${showValue(value)}, expected a text`;
  }
  if (typeof like === 'number') {
    const { fits, expected } = kindOf(key, [like]);
    return fits(value) ? null : `is ${showValue(value)}, expected ${expected}`;
  }
  const { fits, expected } = kindOf(key, like);
  const ascends =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each, i) => fits(each) && (i === 0 || each > value[i - 1]));
  return ascends ? null : `is ${showValue(value)}, expected an ascending list, each ${expected}`;
}

/** What stands in for numbers like these. */
function kindOf(
  key: string,
  like: readonly number[],
): { readonly fits: (value: unknown) => boolean; readonly expected: string } {
  if (key === 'seed') {
    return {
      fits: (value) =>
        Number.isInteger(value) && (value as number) >= SEED.least && (value as number) <= SEED.most,
      expected: `a whole number from ${SEED.least} to ${SEED.most}`,
    };
  }
  if (like.every(Number.isInteger)) {
    return {
      fits: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
      expected: 'a whole number of at least 1',
    };
  }
  return {
    fits: (value) => Number.isFinite(value) && (value as number) > 0,
    expected: 'a number above 0',
  };
}

/**
 * Refuses parts that are too small.
 * @param parts by their names: how many, or a list that must have as many entries
 * @throws InputError
 */
export function requireAtLeast(
  experiment: Pick<Experiment, 'id'>,
  least: number,
  parts: Readonly<Record<string, number | readonly number[]>>,
): void {
  for (const [key, part] of Object.entries(parts)) {
    const isList = typeof part !== 'number';
    if ((isList ? part.length : part) >= least) continue;
    throw refused(
      experiment,
      key,
      `is ${showValue(part)}, expected ${isList ? `${least} or more of them` : `at least ${least}`}`,
    );
  }
}
