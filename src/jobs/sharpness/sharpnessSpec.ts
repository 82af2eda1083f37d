import { z } from 'zod';
import { count, issueError, knownKeys, seed } from '../../train/runSchemas.ts';
import { kernelRecordSchema } from '../../tuning/kernelRecord.ts';

const schema = knownKeys({
  model: z.string(),
  weights: z.string(),
  data: z.string(),
  weights_prefix: z.string().optional(),
  /** The weights are those of modules of other names, which shapes and order match to the layers. */
  weights_by_order: z.boolean().optional(),
  eval: z.boolean().default(false),
  /** Of Keskar's boxes: one for each. */
  epsilon: z.array(z.number().positive()).min(1).default([1e-3, 5e-4]),
  /** Also in a random subspace of so many dimensions. */
  subspace: count.optional(),
  /** Of each solver. */
  iterations: count.default(10),
  /** Of the subspace, and of where the searches start. */
  seed: seed.default(0),
  /** Length of SAM's step. */
  rho: z.number().positive().default(0.05),
  /** Length of ASAM's, in units of the parameters; and what is added to their sizes. */
  adaptive_rho: z.number().positive().default(0.5),
  eta: z.number().min(0).default(0),
  /** The kernel choices of an earlier result, to be taken again. */
  kernels: kernelRecordSchema.optional(),
});

/** What `basin sharpness` measures (interfaces, §5). Paths as the host reads them. */
export type SharpnessSpec = z.input<typeof schema>;

/** The same with defaults for what was left out. */
export type SharpnessSettings = z.output<typeof schema>;

/**
 * A description of a measurement as given, with defaults for what is left out.
 * @throws InputError naming the first key that is unknown or has a value that is refused, what was found and what was expected
 */
export function parseSharpnessSpec(given: SharpnessSpec): SharpnessSettings {
  const { job: _, ...spec } = given as SharpnessSpec & { job?: string };
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data;
  throw issueError('sharpness', parsed.error.issues[0]!, spec);
}
