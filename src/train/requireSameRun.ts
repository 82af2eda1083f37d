import type { KernelRecord } from '../gpu/runKernels.ts';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import { firstDifference } from './firstDifference.ts';
import type { RunContents } from './runContents.ts';
import type { Snapshot } from './snapshot.ts';

type Job = Snapshot['job'];

/**
 * Refuses to go on with a snapshot of another run.
 * @param compared what of a description must be the same; what it names files for is compared by `requireSameContents`
 * @throws InputError naming the first key that differs, with both values
 */
export function requireSameJob({ file, job }: Snapshot, given: Job, compared = (all: Job): Job => all): void {
  const asJson = (value: Job): unknown => JSON.parse(JSON.stringify(value));
  const differing = firstDifference(asJson(compared(job)), asJson(compared(given)));
  if (!differing) return;
  const { path, a, b } = differing;
  throw new InputError(
    file,
    path,
    `is ${showValue(a)} in the snapshot's job, and ${showValue(b)} in this one`,
  );
}

/**
 * The same of what a run is given by its files: one that was changed under its name is another one, and one that was moved is not.
 * @throws InputError naming the key by which the description gives it
 */
export function requireSameContents({ file, job, contents }: Snapshot, given: RunContents, by: Job): void {
  const differing = firstDifference(contents, given);
  if (!differing) return;
  const [key, replica] = differing.path.split('.') as [string, string?];
  const ofReplica = replica === undefined ? undefined : `replicas.${replica}.${key}`;
  const path = ofReplica !== undefined && at(by, ofReplica) !== undefined ? ofReplica : key;
  const [then, now] = [at(job, path), at(by, path)].map(showValue);
  const found = then === now ? now! : `${now}, in the snapshot's job ${then},`;
  throw new InputError(file, path, `${found} does not hold what the snapshot's run was given`);
}

/**
 * The same of kernels that a description asks for: the run goes on with those it took.
 * @throws InputError naming the shape
 */
export function requireSameKernels({ file, kernels }: Snapshot, given: KernelRecord): void {
  for (const [family, choices] of Object.entries(given)) {
    for (const [key, name] of Object.entries(choices)) {
      const taken = kernels[family]?.[key];
      if (taken === undefined || taken === name) continue;
      throw new InputError(
        file,
        `kernels.${family}.${key}`,
        `the snapshot's run took "${taken}", not "${name}"`,
      );
    }
  }
}

function at(job: Job, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], job);
}
