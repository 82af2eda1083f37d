import type { JobSpec } from '../../jobs/job.ts';
import { above, atLeast, list, number, several, wholeNumber } from '../parseNumbers.ts';
import type { GivenWeights } from './givenFiles.ts';

export const KINDS = ['line', 'plane', 'rays', 'sharpness'] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  line: 'Line',
  plane: 'Plane',
  rays: 'Rays',
  sharpness: 'Sharpness',
};

/** A setting as the form has it, by its key in the job's description. */
export interface Field {
  readonly key: string;
  readonly label: string;
  readonly hint?: string;
  readonly input:
    | { readonly is: 'weights' }
    | { readonly is: 'text'; readonly initial: string; parse(text: string): unknown }
    | { readonly is: 'check' }
    | { readonly is: 'choice'; readonly options: readonly string[] };
}

const weights = (key: string, label: string): Field => ({ key, label, input: { is: 'weights' } });
const text = (key: string, label: string, initial: string, parse: (text: string) => unknown, hint?: string) =>
  ({ key, label, input: { is: 'text', initial, parse }, hint }) as const satisfies Field;
const check = (key: string, label: string): Field => ({ key, label, input: { is: 'check' } });

/** An empty field leaves its key out. */
const optional = (parse: (text: string) => unknown) => (text: string) =>
  text.trim() === '' ? undefined : parse(text);

const pair = (parse: (text: string) => number) => (text: string) => {
  const values = list(text, parse);
  if (values.length === 2) return values;
  throw new Error(`Expected two numbers, found ${values.length}.`);
};

const SEED = text('seed', 'Seed', '0', wholeNumber(0, 2 ** 32 - 1));
const BATCH_NORM: readonly Field[] = [
  {
    key: 'batch_norm',
    label: 'Running statistics of BatchNorm',
    input: { is: 'choice', options: ['recompute', 'stored'] },
  },
  text(
    'bn_batch_size',
    '… recomputed in batches of',
    '',
    optional(wholeNumber(1)),
    'Examples; 256 if empty.',
  ),
];

/** What each kind asks for beside model and data, with the defaults of the command line. */
export const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  line: [
    weights('from', 'First weights, t = 0'),
    weights('to', 'Second weights, t = 1'),
    text('range', 'From t to t', '-1, 2', pair(number)),
    text('points', 'Points', '25', wholeNumber(2)),
    check('curved', 'Curved: cos(tπ/2) and sin(tπ/2) as weights'),
    ...BATCH_NORM,
  ],
  plane: [
    weights('through 1', 'First weights, w1'),
    weights('through 2', 'Second weights, w2'),
    weights('through 3', 'Third weights, w3'),
    text('points', 'Points along x and y', '21, 21', pair(wholeNumber(2))),
    text('margin', 'Margin, of the extent', '0.3', atLeast(0)),
    check('mark', 'Mark where the other weights are'),
    ...BATCH_NORM,
  ],
  rays: [
    weights('weights', 'Weights'),
    text('rays', 'Rays', '10', wholeNumber(1)),
    text('radius', 'Radius', '5', above(0), 'Relative where the rays are filter-normalised.'),
    text('points', 'Points of each', '21', wholeNumber(2)),
    SEED,
    check('filter_normalised', 'Filter-normalised'),
    ...BATCH_NORM,
  ],
  sharpness: [
    weights('weights', 'Weights'),
    text('epsilon', 'ε of the box', '1e-3, 5e-4', (text) => several(list(text, above(0)), 'a number')),
    text(
      'subspace',
      'Also in a random subspace of dimension',
      '',
      optional(wholeNumber(1)),
      'None if empty.',
    ),
    text('iterations', 'Iterations of each solver', '10', wholeNumber(1)),
    text('rho', 'ρ of SAM', '0.05', above(0)),
    text('adaptive_rho', 'ρ of ASAM', '0.5', above(0)),
    text('eta', 'η of ASAM', '0', atLeast(0)),
    SEED,
    check('eval', 'BatchNorm in eval mode, not in train mode'),
  ],
};

/** What the form holds: text as it was typed, '' for a box that is not ticked. */
export type Values = Readonly<Record<string, string>>;

/** Values before anything was typed. */
export function initialValue({ input }: Field): string {
  if (input.is === 'text') return input.initial;
  return input.is === 'choice' ? input.options[0]! : '';
}

/** The job that the form describes, or what is wrong with which field. */
export type Described =
  | { readonly spec: JobSpec; readonly errors?: undefined }
  | { readonly spec?: undefined; readonly errors: Readonly<Record<string, string>> };

/**
 * @param model and `data`, `test`: names of files, or of built-in data sets
 * @param textOf what a field holds: text as it was typed, 'on' or '' for a box
 * @param given all weights that there are, by their labels
 */
export function describeJob(
  kind: Kind,
  { model, data, test }: { readonly model: string | undefined; readonly data: string; readonly test: string },
  textOf: (field: Field) => string,
  given: readonly GivenWeights[],
): Described {
  const errors: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  if (model === undefined) errors.files = 'Expected a model.json.';
  if (data.trim() === '') errors.data = 'Expected a built-in data set or the name of a given file.';
  for (const field of FIELDS[kind]) {
    const text = textOf(field);
    const { input, key } = field;
    if (input.is === 'weights') {
      const chosen = given.find(({ label }) => label === text);
      if (chosen) values[key] = weightsFile(chosen);
      else errors[key] = 'Expected one of the given weights.';
    } else if (input.is === 'check') {
      if (text !== '') values[key] = true;
    } else if (input.is === 'choice') values[key] = text;
    else {
      try {
        values[key] = input.parse(text);
      } catch (error) {
        errors[key] = (error as Error).message;
      }
    }
  }
  if (Object.keys(errors).length > 0) return { errors };
  const common = { model: model!, data: data.trim(), ...(test.trim() === '' ? {} : { test: test.trim() }) };
  return { spec: JSON.parse(JSON.stringify(jobOf(kind, common, values, given))) as JobSpec };
}

function jobOf(
  kind: Kind,
  common: Readonly<Record<string, string>>,
  values: Readonly<Record<string, unknown>>,
  given: readonly GivenWeights[],
): object {
  if (kind === 'sharpness') {
    const { weights, ...rest } = values;
    const { test: _, ...files } = common;
    const named = typeof weights === 'string' ? { weights } : prefixed(weights as WeightsFile);
    return { job: 'sharpness', ...files, ...named, ...rest };
  }
  if (kind === 'plane') {
    const { 'through 1': w1, 'through 2': w2, 'through 3': w3, mark, ...rest } = values;
    const through = [w1, w2, w3];
    const taken = new Set(through.map((file) => JSON.stringify(file)));
    const others = given.filter((weights) => !taken.has(JSON.stringify(weightsFile(weights))));
    return {
      job: 'landscape',
      kind,
      ...common,
      through,
      ...(mark ? { mark: marksOf(others) } : {}),
      ...rest,
    };
  }
  return { job: 'landscape', kind, ...common, ...values };
}

/** Weights as a landscape's description names them. */
type WeightsFile = string | { readonly weights: string; readonly prefix: string };

function weightsFile({ file, prefix }: GivenWeights): WeightsFile {
  return prefix === undefined ? file : { weights: file, prefix };
}

function prefixed(file: WeightsFile): object {
  return typeof file === 'string'
    ? { weights: file }
    : { weights: file.weights, weights_prefix: file.prefix };
}

/** Weights by names that are short enough to stand beside a point, and in full where several would have one name. */
function marksOf(all: readonly GivenWeights[]): Readonly<Record<string, WeightsFile>> {
  const short = all.map(markName);
  const isShared = (name: string): boolean => short.indexOf(name) !== short.lastIndexOf(name);
  return Object.fromEntries(
    all.map((weights, i) => [isShared(short[i]!) ? weights.label : short[i]!, weightsFile(weights)]),
  );
}

function markName({ file, prefix }: GivenWeights): string {
  return prefix?.slice(0, -1) ?? file.replace(/\.safetensors$/i, '');
}
