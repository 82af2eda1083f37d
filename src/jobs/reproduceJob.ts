import { z } from 'zod';
import type { Experiment } from '../experiments/experiment.ts';
import { experiments } from '../experiments/index.ts';
import { measureClaims } from '../experiments/reproduction/measureClaims.ts';
import { planClaims } from '../experiments/reproduction/planClaims.ts';
import { wantedClaims } from '../experiments/reproduction/wantedClaims.ts';
import type { ExperimentEvent } from '../experiments/runExperiment.ts';
import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import type { ResultEvent } from '../host/workEvent.ts';

const schema = z.strictObject({
  /** By their ids; all where none is named. */
  claims: z.array(z.string()).default([]),
  preset: z.string().default('standard'),
  /** The master seed in place of the presets'. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .optional(),
  /** A folder of cells: those that are there are not measured again. */
  cells: z.string().optional(),
  /** One of n parts of the cells. */
  shard: z.strictObject({ index: z.int().positive(), of: z.int().positive() }).optional(),
  /** Only tells what it would take. */
  plan: z.boolean().default(false),
});

/** Which claims' cells are measured. */
export type ReproduceSpec = z.input<typeof schema>;

/**
 * Measures the cells of claims that are not there yet; the result is MeasuredClaims, or a Plan. They are judged by `mergeClaims`,
 * which wants no device. Ends with 1 where a cell failed.
 * @param list the experiments that there are
 * @throws InputError for input that is refused
 */
export async function* reproduceJob(
  gpu: Gpu,
  given: ReproduceSpec,
  host: ByteSource,
  control?: RunControl,
  list: readonly Experiment[] = experiments,
  finished?: FinishedParts,
): AsyncGenerator<ExperimentEvent | ResultEvent, void, void> {
  const { job: _, ...rest } = given as ReproduceSpec & { job?: string };
  const parsed = schema.safeParse(rest);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError('reproduce', path.join('.') || 'description', message);
  }
  const { plan, cells, shard, ...wanted } = parsed.data;
  const claims = wantedClaims(list, wanted);
  const place = { gpu, host, control, finished };
  if (plan) {
    yield { type: 'result', result: await planClaims(claims, { cells, shard }, place), exitCode: 0 };
    return;
  }
  const result = yield* measureClaims(claims, { cells, shard }, place);
  yield { type: 'result', result, exitCode: result.failed.length > 0 ? 1 : 0 };
}
