import { z } from 'zod';
import { InputError } from '../../host/inputError.ts';
import { count, issueError, knownKeys, seed } from '../../train/runSchemas.ts';
import { kernelRecordSchema } from '../../tuning/kernelRecord.ts';

/** A file of weights, and the prefix of their names in it where that is another than `weights_prefix`. */
const weightsFile = z.union(
  [z.string(), knownKeys({ weights: z.string(), prefix: z.string() })],
  'expected a file of weights, or { weights, prefix }',
);

const common = {
  model: z.string(),
  data: z.string(),
  /** A data set to be evaluated as well; of one with a test split of its own, that split. */
  test: z.string().optional(),
  /** BatchNorm's running statistics: anew at each point by a pass over `data`, or by those of the files. */
  batch_norm: z.enum(['recompute', 'stored']).default('recompute'),
  bn_batch_size: count.optional(),
  /** Of all files of weights but those with a prefix of their own. */
  weights_prefix: z.string().optional(),
  /** The weights are those of modules of other names, which shapes and order match to the layers. */
  weights_by_order: z.boolean().optional(),
  /** The kernel choices of an earlier result, to be taken again. */
  kernels: kernelRecordSchema.optional(),
};

const schema = z.discriminatedUnion('kind', [
  knownKeys({
    kind: z.literal('line'),
    ...common,
    /** At t = 0 and t = 1. */
    from: weightsFile,
    to: weightsFile,
    range: z.tuple([z.number(), z.number()]).default([-1, 2]),
    points: count.default(25),
    curved: z.boolean().default(false),
  }),
  knownKeys({
    kind: z.literal('plane'),
    ...common,
    through: z.tuple([weightsFile, weightsFile, weightsFile]),
    /** Further weights whose place is told, by name. */
    mark: z.record(z.string(), weightsFile).default({}),
    /** Along x and y. */
    points: z.tuple([count, count]).default([21, 21]),
    margin: z.number().default(0.3),
  }),
  knownKeys({
    kind: z.literal('rays'),
    ...common,
    weights: weightsFile,
    rays: count.default(10),
    radius: z.number().default(5),
    points: count.default(21),
    seed: seed.default(0),
    filter_normalised: z.boolean().default(false),
  }),
]);

/** What `basin landscape` evaluates (interfaces, §6). Paths as the host reads them. */
export type LandscapeSpec = z.input<typeof schema>;

/** The same with defaults for what was left out. */
export type LandscapeJob = z.output<typeof schema>;

/** A file of weights as a description names it. */
export type WeightsFile = z.output<typeof weightsFile>;

/**
 * A description of a landscape as given, with defaults for what is left out.
 * @throws InputError naming the first key that is unknown or has a value that is refused
 */
export function parseLandscapeSpec(given: LandscapeSpec): LandscapeJob {
  const { job: _, ...spec } = given as LandscapeSpec & { job?: string };
  // zod leaves this name out of a record without a word.
  if (Object.hasOwn((spec as { mark?: object }).mark ?? {}, '__proto__')) {
    throw new InputError('landscape', 'mark', 'the name "__proto__" is none, expected another one');
  }
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.path[0] === 'kind' && issue.path.length === 1) {
    throw new InputError(
      'landscape',
      'kind',
      `is ${JSON.stringify(spec.kind)}, expected line, plane or rays`,
    );
  }
  throw issueError('landscape', issue, spec);
}
