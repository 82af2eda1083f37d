import type { AdapterInfo, Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import { type CompensatedSum, compensatedSum } from './compensation.ts';
import {
  failedTrial,
  type PreparedTrial,
  prepareTrial,
  runTrial,
  type SelftestRow,
  trialsFor,
} from './runTrial.ts';
import type { Trial, TrialFamilies } from './trial.ts';

export type { CompensatedSum, SelftestRow };

export interface SelftestSpec {
  /** Only kernels whose path below `shaders/` begins so. */
  readonly kernel?: string;
}

/** What the self-test found out about a device. */
export interface SelftestResult {
  readonly adapter: AdapterInfo;
  readonly passed: number;
  readonly failed: number;
  readonly compensatedSum: CompensatedSum;
  readonly rows: readonly SelftestRow[];
}

/** Trials whose kernels are compiled while an earlier one runs. */
const AHEAD = 6;

/**
 * Runs every kernel that the planner may choose on this device beside its float64 reference, twice each, and tries
 * compensated sums. Yields a row a kernel, variant and case.
 * @throws DeviceLostError
 */
export async function* selftest(
  gpu: Gpu,
  families: TrialFamilies,
  { kernel = '' }: SelftestSpec = {},
): AsyncGenerator<{ family: string; row: SelftestRow }, CompensatedSum, void> {
  // A trial names a kernel or the family that the planner chooses from: which of them it runs is seen in its row.
  const mayRun = (trial: Trial): boolean =>
    [trial.kernel].flat().some((path) => path.startsWith(kernel) || kernel.startsWith(path));
  const trials = Object.entries(families).flatMap(([family, make]) =>
    trialsFor(gpu, make().filter(mayRun)).map((trial) => ({ family, trial })),
  );
  const prepared: Promise<PreparedTrial>[] = [];
  const prepare = (trial: Trial): void => {
    const preparing = prepareTrial(gpu, trial);
    // A failure is thrown where the trial is awaited, not while others run.
    preparing.catch(() => {});
    prepared.push(preparing);
  };
  try {
    for (let i = 0; i < trials.length; i++) {
      for (const { trial } of trials.slice(i + prepared.length, i + AHEAD)) prepare(trial);
      const { family, trial } = trials[i]!;
      const row = await rowOf(gpu, trial, prepared[0]!);
      if (row.kernel.startsWith(kernel) || row.error !== undefined) yield { family, row };
      const done = await prepared.shift()!.catch(() => undefined);
      done?.dispose();
    }
  } finally {
    for (const left of await Promise.allSettled(prepared)) {
      if (left.status === 'fulfilled') left.value.dispose();
    }
  }
  const { row, found } = await compensatedSum(gpu);
  yield { family: 'compensated sums', row };
  return found;
}

/** A kernel that this device refuses fails its row, not the self-test. */
async function rowOf(gpu: Gpu, trial: Trial, preparing: Promise<PreparedTrial>): Promise<SelftestRow> {
  try {
    return await runTrial(gpu, await preparing);
  } catch (error) {
    if (error instanceof DeviceLostError) throw error;
    return failedTrial(trial, error as Error);
  }
}
