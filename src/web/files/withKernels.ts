import type { JobSpec } from '../../jobs/job.ts';
import type { GivenFile } from './givenFile.ts';

/** A job that names a given result as the file of its kernels, as the command line does: with those that the result records. */
export function withKernels(spec: JobSpec, given: readonly GivenFile[]): JobSpec {
  const { kernels: named, ...rest } = spec as JobSpec & { kernels?: unknown };
  const result = given.find(({ name }) => name === named);
  return result?.is === 'result' ? ({ ...rest, kernels: result.kernels } as JobSpec) : spec;
}
