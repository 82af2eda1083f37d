import { z } from 'zod';
import { InputError } from '../../host/inputError.ts';
import { MOST_BINS } from '../../ops/perExample/histogramBins.ts';
import { issueError } from '../../train/runSchemas.ts';
import { kernelRecordSchema } from '../../tuning/kernelRecord.ts';

const schema = z.strictObject({
  model: z.string(),
  weights: z.string(),
  data: z.string(),
  weights_prefix: z.string().optional(),
  /** The weights are those of modules of other names, which shapes and order match to the layers. */
  weights_by_order: z.boolean().optional(),
  /** A file with a vector by state-dict names, to be multiplied by the Hessian. */
  hvp: z.string().optional(),
  /** Also find the largest eigenvalues of the Hessian: so many. */
  eigenvalues: z.int().min(1).optional(),
  /** And the smallest. */
  smallest: z.int().min(1).optional(),
  /** Estimate the density of the eigenvalues. */
  density: z.boolean().default(false),
  /** Estimate the logarithm of the determinant, of the matrix plus so many times the identity. */
  log_det: z.number().optional(),
  /** Vectors from which the density and the determinant are estimated, and Lanczos steps from each. */
  starts: z.int().min(2).default(8),
  steps: z.int().min(1).default(64),
  /** The matrix whose eigenvalues, trace and density are asked for. */
  operator: z.enum(['hessian', 'gauss-newton', 'empirical-fisher']).default('hessian'),
  /** Each so many consecutive examples are one unit, a batch of its own. */
  ghost_batch: z.int().min(1).optional(),
  /** Whether units are of examples as they stand in the file, or shuffled by `seed`. */
  ghost_order: z.enum(['file', 'shuffle']).default('file'),
  /** Also estimate the Hessian's trace. */
  trace: z.boolean().default(false),
  /** Also the norm, inner-product and orthogonality test of the gradient over all data. */
  tests: z.boolean().default(false),
  /** The gradient's signal-to-noise ratio, overall and by coordinate. */
  signal_to_noise: z.boolean().default(false),
  /** Histograms of the elements of the examples' gradients, one a parameter: so many bins. */
  histogram: z.int().min(1).optional(),
  /** And by the value of the parameter: so many bins of it. */
  histogram_parameters: z.int().min(1).optional(),
  /** Further quantities over all examples, by the types of their instruments. */
  quantities: z.array(z.string()).default([]),
  /** Traces from every example and every coordinate, not from probes. */
  exact: z.boolean().default(false),
  /** Random vectors behind each estimate, and their seed. */
  probes: z.int().min(2).default(16),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  eval: z.boolean().default(false),
  /** The kernel choices of an earlier result, to be taken again. */
  kernels: kernelRecordSchema.optional(),
});

/** What `basin measure` measures (interfaces, §3). Paths as the host reads them. */
export type MeasureSpec = z.input<typeof schema>;

/** The same with defaults for what was left out. */
export type MeasureSettings = z.output<typeof schema>;

/**
 * A description of a measurement as given, with defaults for what is left out.
 * @throws InputError naming the first key that is unknown or has a value that is refused, what was found and what was expected
 */
export function parseMeasureSpec(given: MeasureSpec): MeasureSettings {
  const { job: _, ...spec } = given as MeasureSpec & { job?: string };
  const parsed = schema.safeParse(spec);
  if (parsed.success) {
    const { ghost_batch, ghost_order } = parsed.data;
    if (ghost_order === 'shuffle' && ghost_batch === undefined) {
      throw new InputError(
        'measure',
        'ghost_order',
        'shuffle is for units of several examples; give ghost_batch too',
      );
    }
    return withHistogram(parsed.data);
  }
  throw issueError('measure', parsed.error.issues[0]!, spec);
}

/** Bins of the gradient where only those of the parameter are given. */
const BINS = 101;

/** @throws InputError for more bins than a histogram's kernel has */
function withHistogram(spec: MeasureSettings): MeasureSettings {
  const { histogram_parameters: rows } = spec;
  const histogram = spec.histogram ?? (rows === undefined ? undefined : BINS);
  if (histogram === undefined) return spec;
  const all = histogram * (rows ?? 1);
  if (all > MOST_BINS) {
    const found = rows === undefined ? `${all} bins` : `${histogram} × ${rows} = ${all} bins`;
    throw new InputError('measure', 'histogram', `${found}, expected at most ${MOST_BINS}`);
  }
  return { ...spec, histogram };
}
