import { z } from 'zod';
import type { Experiment } from '../experiments/experiment.ts';
import { experiments } from '../experiments/index.ts';
import { type ExperimentEvent, runExperiment } from '../experiments/runExperiment.ts';
import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import { showValue } from '../host/showValue.ts';
import type { ResultEvent } from '../host/workEvent.ts';

const schema = z.strictObject({
  /** One of `experiments`. */
  id: z.string(),
  preset: z.string().default('standard'),
  /** Parts of the protocol in place of the preset's. */
  protocol: z.record(z.string(), z.unknown()).default({}),
  /** A folder of cells: those that are there are not measured again. */
  cells: z.string().optional(),
  /** Whether it tells what the units that are done come to, as more of them are. */
  soFar: z.boolean().default(false),
});

/** Which experiment is run, and how. */
export type ExperimentSpec = z.input<typeof schema>;

/**
 * Runs an experiment; the result is an ExperimentResult.
 * @param list the experiments that there are
 * @throws InputError for input that is refused
 */
export async function* experimentJob(
  gpu: Gpu,
  given: ExperimentSpec,
  host: ByteSource,
  control?: RunControl,
  list: readonly Experiment[] = experiments,
  finished?: FinishedParts,
): AsyncGenerator<ExperimentEvent | ResultEvent, void, void> {
  const { job: _, ...rest } = given as ExperimentSpec & { job?: string };
  const parsed = schema.safeParse(rest);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError('experiment', path.join('.') || 'description', message);
  }
  const { id, ...wanted } = parsed.data;
  const experiment = findExperiment(id, list);
  const result = yield* runExperiment(experiment, wanted, { gpu, host, control, finished });
  yield { type: 'result', result, exitCode: 0 };
}

/** @throws InputError for a name that none has */
export function findExperiment(id: string, list: readonly Experiment[] = experiments): Experiment {
  const experiment = list.find((each) => each.id === id);
  if (experiment) return experiment;
  const names = list.map((each) => each.id).join(', ');
  throw new InputError('experiment', 'id', `is ${showValue(id)}, expected one of ${names}`);
}
