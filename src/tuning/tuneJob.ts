import { z } from 'zod';
import { kernelTarget } from '../autograd/compile.ts';
import type { Gpu } from '../gpu/device.ts';
import type { KernelDemand } from '../gpu/kernelChoice.ts';
import { deviceTimer, type Timer } from '../gpu/tuner.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { InputError } from '../host/inputError.ts';
import type { ResultEvent, WorkEvent } from '../host/workEvent.ts';
import { kernelVersions } from './kernelVersions.ts';
import { builtinCases, demandsOf, parseShape, readCase, type TunedCase } from './tunedShapes.ts';
import { deviceOf, type TunedDevice, type TunedEntry } from './tunedTable.ts';
import { isTunable, tuneKernel } from './tuneKernel.ts';

const schema = z.strictObject({
  /** A model.json, the data that it takes, and B; the shapes of the built-in jobs without either this or `shapes`. */
  model: z.string().optional(),
  data: z.string().default('mnist'),
  batch_size: z.int().positive().default(64),
  /** Products, as in `NT:64x128x784`. */
  shapes: z.array(z.string()).min(1).optional(),
});

/** What `basin tune` measures. */
export type TuneSpec = z.input<typeof schema>;

export interface TuneResult {
  readonly device: TunedDevice;
  readonly software: boolean;
  readonly entries: readonly TunedEntry[];
  /** Shapes that cannot be measured. */
  readonly skipped: readonly string[];
}

/**
 * Measures which variant of each kernel is fastest on this device; the result is a TuneResult.
 * @param timer in place of the device's clock, for tests
 * @throws InputError for input that is refused; DeviceLostError
 */
export async function* tuneJob(
  gpu: Gpu,
  given: TuneSpec,
  host: ByteSource,
  timer?: Timer,
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const { job: _, ...rest } = given as TuneSpec & { job?: string };
  const parsed = schema.safeParse(rest);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError('tune', path.join('.') || 'top level', message);
  }
  const { model, data, batch_size: batchSize, shapes } = parsed.data;
  yield { type: 'phase', phase: 'collecting shapes' };
  const demands = new Map<string, KernelDemand>();
  const want = (demand: KernelDemand): void => {
    const key = `${demand.family} ${demand.bucket}`;
    if (!demands.has(key)) demands.set(key, demand);
  };
  for (const text of shapes ?? []) want(parseShape(text));
  const cases: TunedCase[] =
    model === undefined ? (shapes ? [] : builtinCases()) : [await readCase({ model, data, batchSize }, host)];
  for (const each of cases) for (const demand of await demandsOf(gpu, each)) want(demand);

  const clock = timer ? null : deviceTimer(gpu);
  const time = timer ?? clock!.time;
  const versions = kernelVersions(kernelTarget(gpu));
  const tunable = [...demands.values()].filter(isTunable);
  const entries: TunedEntry[] = [];
  const date = new Date().toISOString().slice(0, 10);
  yield { type: 'phase', phase: 'tuning' };
  try {
    for (const [done, demand] of tunable.entries()) {
      yield { type: 'progress', done, total: tunable.length, unit: 'shapes' };
      entries.push(await tuneKernel(gpu, demand, versions[demand.family]!, time, date));
    }
  } finally {
    clock?.dispose();
  }
  const skipped = [...demands.values()].filter((demand) => !isTunable(demand));
  const result: TuneResult = {
    device: deviceOf(gpu.info),
    software: gpu.info.software,
    entries,
    skipped: skipped.map(({ family, key }) => `${family} ${key}`),
  };
  yield { type: 'result', result, exitCode: 0 };
}
