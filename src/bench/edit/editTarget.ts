import { kernelTarget } from '../../autograd/compile.ts';
import type { Gpu } from '../../gpu/device.ts';
import { planningGpu } from '../../gpu/planningGpu.ts';
import type { Recorded } from '../../gpu/program.ts';
import { InputError } from '../../host/inputError.ts';
import { prepareTrial } from '../../selftest/runTrial.ts';
import type { Trial } from '../../selftest/trial.ts';
import { type KernelCase, kernelCases, type Scale, scaleFor } from '../kernelCases.ts';
import type { EditPlace, EditTarget } from './kernelEditReport.ts';
import { rowOf } from './rowOf.ts';

/**
 * A row's case at the largest shape of a scale.
 * @throws InputError if there is no such row, or this adapter does not run it
 */
export function caseOf(gpu: Gpu, row: string, scale: Scale): KernelCase {
  const found = kernelCases(scale).filter((each) => rowOf(each) === row);
  const last = found.at(-1);
  if (!last) throw new InputError('edit a kernel', 'row', `no row of the bench is called ${row}`);
  const refused = last.refuses(kernelTarget(gpu));
  if (refused !== null)
    throw new InputError('edit a kernel', row, `does not run on this adapter: ${refused}`);
  return last;
}

/** The dispatches that are planned for a trial on this adapter; nothing is compiled. */
export async function planOf(gpu: Gpu, trial: Trial): Promise<readonly Recorded[]> {
  const prepared = await prepareTrial(planningGpu(gpu).gpu, trial);
  const { dispatches } = prepared.program;
  prepared.dispose();
  return dispatches;
}

/** @throws InputError if the row does not run the kernel on this adapter */
export function dispatchOf(plan: readonly Recorded[], { row, kernel }: EditPlace): Recorded {
  const found = plan.find((dispatch) => dispatch.kernel === kernel);
  if (found) return found;
  const names = [...new Set(plan.map((dispatch) => dispatch.kernel))].join(', ');
  throw new InputError('edit a kernel', row, `does not run ${kernel} on this adapter, but ${names}`);
}

/** What a page is told of a kernel that it opens for editing. */
export interface WantedTarget {
  readonly row: string;
  /** The row's first kernel if left out, or if the row does not run it on this adapter. */
  readonly kernel?: string | undefined;
  readonly quick: boolean;
  /** GFLOP/s of fma where that was measured. */
  readonly peak?: number | undefined;
}

/** @throws InputError if there is no such row, or this adapter does not run it */
export async function editTarget(gpu: Gpu, { row, kernel, quick, peak }: WantedTarget): Promise<EditTarget> {
  const scale = quick ? 'quick' : scaleFor(gpu.info.software, peak ?? 0);
  const found = caseOf(gpu, row, scale);
  const plan = await planOf(gpu, found.trial);
  const { knobs, params, grid, kernel: name } = plan.find((each) => each.kernel === kernel) ?? plan[0]!;
  return {
    row,
    kernel: name,
    scale,
    shape: found.shape,
    title: found.ladder?.title ?? `${found.family} ${found.title}`,
    kernels: [...new Set(plan.map((each) => each.kernel))],
    knobs,
    params,
    grid: [grid[0], grid[1]],
  };
}
