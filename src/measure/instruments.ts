import { z } from 'zod';
import type { Dataset } from '../data/dataset.ts';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { density } from './curvature/densityInstrument.ts';
import { eigenvalue } from './curvature/eigenvalueInstrument.ts';
import { hessianNoise } from './curvature/hessianNoise.ts';
import { sharpnessOfBatch } from './curvature/sharpnessOfBatch.ts';
import { distance } from './distance.ts';
import { accuracy } from './evaluation/accuracy.ts';
import { layerNormNoiseScale } from './gradient/layerNormNoiseScale.ts';
import { noiseScale } from './gradient/noiseScaleInstrument.ts';
import type { Instrument, InstrumentKind } from './instrument.ts';
import type { Schedule } from './schedule.ts';
import { keskarOfFirst } from './sharpness/keskarInstrument.ts';

/** Every kind of instrument: what a training run can measure on the way, on the terminal as in the page. */
export const instruments: InstrumentKind[] = [
  noiseScale,
  layerNormNoiseScale,
  eigenvalue,
  hessianNoise,
  sharpnessOfBatch,
  density,
  distance,
  accuracy,
  keskarOfFirst,
];

const count = z.int().min(1);
const schedules = { every: count, at: z.array(count).min(1), log: count };

/**
 * An instrument as a train.json describes it: its type, one of `every`, `at` and `log`, and options of its own.
 * @param item how messages name it
 * @throws InputError naming the key
 */
export function instrumentFrom(
  file: string,
  item: string,
  given: Readonly<Record<string, unknown>>,
): Instrument {
  const { type, every, at, log, ...rest } = given;
  const kind = instruments.find((one) => one.type === type);
  if (!kind) {
    const known = instruments.map((one) => one.type).join(', ');
    throw new InputError(file, `${item}.type`, `is ${showValue(type)}, expected one of ${known}`);
  }
  return kind.make(optionsOf(file, item, kind, rest), scheduleFrom(file, item, { every, at, log }));
}

/**
 * Instruments of which no two are of a type, since a result has what they tell by type.
 * @throws InputError naming the type
 */
export function requireDifferent(file: string, given: readonly Instrument[]): readonly Instrument[] {
  const types = given.map(({ type }) => type);
  const twice = types.find((type, i) => types.indexOf(type) !== i);
  if (twice === undefined) return given;
  const short = twice === 'noise_scale' ? '; "measure" is one' : '';
  throw new InputError(file, 'instruments', `has ${twice} twice, expected at most one of a type${short}`);
}

/**
 * Refuses instruments of data for testing where there are none, and of layers that the model has not.
 * @throws InputError naming the type
 */
export function requireMeasurable(
  file: string,
  given: readonly Instrument[],
  { dataset, model }: { readonly dataset: Pick<Dataset, 'name' | 'test'>; readonly model: ModelSpec },
): void {
  for (const { type, split, lacks } of given) {
    const lacking = lacks?.(model);
    if (lacking) throw new InputError(file, 'instruments', `has ${type}, which wants ${lacking}`);
    if (split !== 'test' || dataset.test) continue;
    const reason = `has ${type} over the split "test", and ${dataset.name} has no data for testing; expected "train"`;
    throw new InputError(file, 'instruments', reason);
  }
}

function scheduleFrom(file: string, item: string, given: Readonly<Record<string, unknown>>): Schedule {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  if (present.length !== 1) {
    throw new InputError(
      file,
      item,
      `has ${present.length} schedules, expected one of "every": n, "at": [steps] and "log": k`,
    );
  }
  const [key, value] = present[0] as [keyof typeof schedules, unknown];
  const parsed = schedules[key].safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const place = [key, ...issue.path].join('.');
    throw new InputError(file, `${item}.${place}`, found(valueAt(value, issue.path), issue));
  }
  return { [key]: parsed.data } as unknown as Schedule;
}

function optionsOf(file: string, item: string, kind: InstrumentKind, given: object): unknown {
  try {
    return kind.options(given as Readonly<Record<string, unknown>>);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const issue = error.issues[0]!;
    const unknown = issue.code === 'unrecognized_keys';
    const key = unknown ? issue.keys[0] : issue.path.join('.');
    const reason = unknown ? `is no option of ${kind.type}` : found(valueAt(given, issue.path), issue);
    throw new InputError(file, `${item}.${key}`, reason);
  }
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given);
}

/** What was found in the place of an option, and what was expected. */
function found(value: unknown, issue: z.core.$ZodIssue): string {
  return `${value === undefined ? 'missing' : `is ${showValue(value)}`}, expected ${expected(issue)}`;
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return issue.origin === 'array' ? 'a step or more' : `an integer of at least ${issue.minimum}`;
    case 'too_big':
      return `an integer of at most ${issue.maximum}`;
    case 'invalid_type':
      return issue.expected === 'int' || issue.expected === 'number' ? 'an integer' : issue.expected;
    default:
      return `what fits: ${issue.message}`;
  }
}
