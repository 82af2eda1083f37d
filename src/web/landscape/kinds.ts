import type { JobSpec } from '../../jobs/job.ts';
import {
  check,
  choice,
  type Field,
  kernelsOf,
  optional,
  readFields,
  text,
  type WeightsFile,
  weights,
  weightsFile,
} from '../fields/field.ts';
import type { GivenWeights } from '../files/givenFile.ts';
import { above, atLeast, list, number, wholeNumber } from '../parseNumbers.ts';

export const KINDS = ['line', 'plane', 'rays'] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  line: 'Line',
  plane: 'Plane',
  rays: 'Rays',
};

const pair = (parse: (text: string) => number) => (text: string) => {
  const values = list(text, parse);
  if (values.length === 2) return values;
  throw new Error(`Expected two numbers, found ${values.length}.`);
};

const HOW: readonly Field[] = [
  check('weights_by_order', 'Match modules of other names by shapes and order'),
  choice('batch_norm', 'Running statistics of BatchNorm', ['recompute', 'stored']),
  optional(
    'bn_batch_size',
    '… recomputed in batches of',
    '',
    wholeNumber(1),
    'Examples; 256 if empty, or all where they are fewer.',
  ),
  kernelsOf,
];

/** Which weights a plane marks beside its three. */
export const MARKS = ['none', 'all other weights', 'all other weights, as trajectories'] as const;

/** What each kind asks for beside model and data, with the defaults of the command line. */
export const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  line: [
    weights('from', 'First weights, t = 0', 0),
    weights('to', 'Second weights, t = 1', 1),
    text('range', 'From t to t', '-1, 2', pair(number)),
    text('points', 'Points', '25', wholeNumber(2)),
    check('curved', 'Curved: cos(tπ/2) and sin(tπ/2) as weights'),
    ...HOW,
  ],
  plane: [
    weights('through 1', 'First weights, w1', 0),
    weights('through 2', 'Second weights, w2', 1),
    weights('through 3', 'Third weights, w3', 2),
    text('points', 'Points along x and y', '21, 21', pair(wholeNumber(2))),
    text('margin', 'Margin, of the extent', '0.3', atLeast(0)),
    choice(
      'mark',
      'Marks',
      MARKS,
      'Trajectories connect files whose names differ in a number, as in run-100 and run-200, in its order.',
    ),
    ...HOW,
  ],
  rays: [
    weights('weights', 'Weights'),
    text('rays', 'Rays', '10', wholeNumber(1)),
    text('radius', 'Radius', '5', above(0), 'Relative where the rays are filter-normalised.'),
    text('points', 'Points of each', '21', wholeNumber(2)),
    text('seed', 'Seed', '0', wholeNumber(0, 2 ** 32 - 1)),
    check('filter_normalised', 'Filter-normalised'),
    ...HOW,
  ],
};

/** Weights that follow one another, by the names of their marks. */
export type Trajectory = readonly string[];

/** The job that the form describes, or what is wrong with which field. */
export type Described =
  | { readonly spec: JobSpec; readonly trajectories: readonly Trajectory[]; readonly errors?: undefined }
  | {
      readonly spec?: undefined;
      readonly trajectories?: undefined;
      readonly errors: Readonly<Record<string, string>>;
    };

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
  const { values, errors } = readFields(FIELDS[kind], textOf, given);
  const all = {
    ...(model === undefined ? { files: 'Expected a model.json.' } : {}),
    ...(data.trim() === '' ? { data: 'Expected a built-in data set or the name of a given file.' } : {}),
    ...errors,
  };
  if (Object.keys(all).length > 0) return { errors: all };
  const { 'through 1': w1, 'through 2': w2, 'through 3': w3, mark, ...rest } = values;
  const through = kind === 'plane' ? { through: [w1, w2, w3] as WeightsFile[] } : undefined;
  const { marks, trajectories } =
    through && mark !== undefined
      ? marksOf(given, through.through, mark === MARKS[2])
      : { marks: undefined, trajectories: [] };
  const files = { model, data: data.trim(), ...(test.trim() === '' ? {} : { test: test.trim() }) };
  const spec = { job: 'landscape', kind, ...files, ...through, ...(marks ? { mark: marks } : {}), ...rest };
  return { spec: spec as JobSpec, trajectories };
}

/** All weights but the plane's own by names of their own, and how they follow one another. */
function marksOf(given: readonly GivenWeights[], through: readonly WeightsFile[], connected: boolean) {
  const places = through.map((file) => JSON.stringify(file));
  const placed = given.map((weights) => {
    const place = places.indexOf(JSON.stringify(weightsFile(weights)));
    return { weights, place };
  });
  const others = placed.filter(({ place }) => place < 0).map(({ weights }) => weights);
  const names = new Map(markNames(others));
  for (const { weights, place } of placed) if (place >= 0) names.set(weights, `${place + 1}`);
  return {
    marks: Object.fromEntries(others.map((weights) => [names.get(weights)!, weightsFile(weights)])),
    trajectories: connected
      ? sequences(given).map((sequence) => sequence.map((weights) => names.get(weights)!))
      : [],
  };
}

/** Weights of the same prefix in files whose names differ in a number, in its order; the file of that name without one is the end. */
function sequences(given: readonly GivenWeights[]): GivenWeights[][] {
  const groups = new Map<string, { readonly weights: GivenWeights; readonly number: number }[]>();
  for (const weights of given) {
    const [, stem, digits] = /^(.*?)(?:[-_. ]?(\d+))?\.safetensors$/i.exec(weights.file) ?? [];
    const key = JSON.stringify([stem, weights.prefix]);
    const number = digits === undefined ? Number.POSITIVE_INFINITY : Number(digits);
    groups.set(key, [...(groups.get(key) ?? []), { weights, number }]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.sort((a, b) => a.number - b.number).map(({ weights }) => weights));
}

/** Weights by names that are short enough to stand beside a point, and in full where several would have one name. */
function markNames(all: readonly GivenWeights[]): [GivenWeights, string][] {
  const short = all.map(markName);
  const isShared = (name: string): boolean => short.indexOf(name) !== short.lastIndexOf(name);
  return all.map((weights, i) => [weights, isShared(short[i]!) ? weights.label : short[i]!]);
}

function markName({ file, prefix }: GivenWeights): string {
  return prefix?.slice(0, -1) ?? file.replace(/\.safetensors$/i, '');
}
