import { kernelTarget } from '../autograd/compile.ts';
import type { Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import { compileTime } from '../gpu/pipeline.ts';
import { checkTrial, type PreparedTrial, prepareTrial, type TrialCheck } from '../selftest/runTrial.ts';
import type { BenchClock } from './benchClock.ts';
import type { KernelCase } from './kernelCases.ts';
import type { KernelsRow, RowDispatch } from './kernelsReport.ts';
import { reflectVariant } from './reflectVariant.ts';
import { fillingRepeats } from './repeats.ts';

interface Checked extends Pick<PreparedTrial, 'compared'> {
  readonly check: TrialCheck;
}

/** A row, and what it takes to time it where it is right. */
export interface PreparedRow {
  readonly row: KernelsRow;
  readonly prepared: PreparedTrial | null;
  /** It does not compile, or differs from float64: not one that the adapter was never meant to run. */
  readonly broken: boolean;
  /** How it compares with float64, and what was compared: null where it did not run. */
  readonly checked: Checked | null;
}

/**
 * Compiles a row's program, compares it with float64, and warms up the ones that are right until a sample is filled.
 * @throws DeviceLostError
 */
export async function prepareRow(
  gpu: Gpu,
  { time }: Pick<BenchClock, 'time'>,
  { trial, refuses, ...described }: KernelCase,
): Promise<PreparedRow> {
  const empty: KernelsRow = {
    ...described,
    dispatches: [],
    error: null,
    tolerance: 0,
    wrong: false,
    failed: null,
    compile: null,
    repeats: 0,
    time: null,
    bytes: 0,
    intensity: 0,
    gflops: null,
    gbs: null,
    roofline: null,
  };
  const refused = refuses(kernelTarget(gpu));
  if (refused !== null)
    return { row: { ...empty, failed: refused }, prepared: null, broken: false, checked: null };
  let prepared: PreparedTrial | undefined;
  try {
    prepared = await prepareTrial(gpu, trial);
    const { program } = prepared;
    const { dispatches } = program;
    const bytes = bytesOf(prepared);
    const check = await checkTrial(gpu, prepared);
    const { ok, worst } = check;
    const checked = { check, compared: prepared.compared };
    const row: KernelsRow = {
      ...empty,
      dispatches: await Promise.all(
        dispatches.map(
          async ({ kernel, source, knobs, grid }): Promise<RowDispatch> => ({
            kernel,
            knobs,
            grid,
            ...(await reflectVariant(source, knobs)),
          }),
        ),
      ),
      error: Number.isFinite(worst.error) ? worst.error : null,
      tolerance: worst.tolerance,
      wrong: !ok,
      compile: [...new Set(dispatches.map(({ pipeline }) => pipeline))].reduce(
        (total, pipeline) => total + compileTime(pipeline),
        0,
      ),
      bytes,
      intensity: described.flops / bytes,
    };
    if (!ok) {
      prepared.dispose();
      return { row, prepared: null, broken: true, checked };
    }
    const { repeats } = await fillingRepeats((n) => time(program, n));
    return { row: { ...row, repeats }, prepared, broken: false, checked };
  } catch (error) {
    prepared?.dispose();
    if (error instanceof DeviceLostError) throw error;
    return {
      row: { ...empty, failed: (error as Error).message },
      prepared: null,
      broken: true,
      checked: null,
    };
  }
}

/** Every operand read once, every result written once; what is changed in place counts twice. */
function bytesOf({ operands, compared }: PreparedTrial): number {
  return [...operands.map(({ state }) => state), ...compared].reduce(
    (total, { elements, replicas }) => total + 4 * elements * replicas,
    0,
  );
}
