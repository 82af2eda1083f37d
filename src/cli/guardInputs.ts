import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../host/inputError.ts';
import type { JobHost } from '../jobs/job.ts';
import { fileIdentity } from './checkOutput.ts';
import { outputTarget } from './outputTarget.ts';

/** Paths by the option that names them; undefined where it is not given. */
export type Outputs = Readonly<Record<string, string | undefined>>;

/**
 * Refuses to overwrite an input, whichever links lead from one to the other.
 * @param inputs paths against `folder`; one that is not there is left to whoever reads it
 * @throws InputError naming the output's path and option, and the input
 */
export function checkInputs(outputs: Outputs, inputs: readonly string[], folder = process.cwd()): void {
  for (const input of inputs) {
    const stat = statSync(resolve(folder, input), { throwIfNoEntry: false });
    const output = stat?.isFile() && Object.entries(outputs).find(([, path]) => isSame(stat, path));
    if (output) throw new InputError(output[1]!, output[0], `is an input of this run: ${input}`);
  }
}

/** A host that gives no file to the job which its outputs would overwrite: all is read before anything runs. */
export function guardInputs<Host extends JobHost>(host: Host, folder: string, outputs: Outputs): Host {
  return {
    ...host,
    async read(path: string) {
      checkInputs(outputs, [path], folder);
      return host.read(path);
    },
  };
}

function isSame(input: Stats, output: string | undefined): boolean {
  if (output === undefined) return false;
  const { stat } = outputTarget(output);
  return stat !== undefined && fileIdentity(stat) === fileIdentity(input);
}
