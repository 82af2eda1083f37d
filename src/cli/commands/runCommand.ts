import type { JobSpec } from '../../jobs/job.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { checkOutput, formatJson, writeAtomically } from '../writeResult.ts';

export interface OutputOptions {
  out?: string;
  tensors?: string;
  runtime: HeadlessOptions['runtime'];
}

/**
 * Runs a job to its end: progress on standard error; the result as JSON in `--out` or on standard output, the tensors
 * in `--tensors`. Files are written whole, the result last.
 * @param textOf what standard output gets of the result instead of JSON
 */
export async function runCommand(
  spec: JobSpec,
  baseDir: string,
  options: OutputOptions,
  textOf: (result: unknown) => string = formatJson,
): Promise<void> {
  checkOutput('--out', options.out);
  checkOutput('--tensors', options.tensors);
  const progress = new Progress();
  try {
    const { result, tensors, exitCode } = await runHeadless(spec, {
      runtime: options.runtime,
      baseDir,
      onEvent: (event) => progress.show(event),
    });
    progress.close();
    if (options.tensors !== undefined) {
      if (tensors) writeAtomically(options.tensors, tensors);
      else process.stderr.write(`basin: ${options.tensors} is not written: the job has no tensors to give\n`);
    }
    if (options.out === undefined) process.stdout.write(`${textOf(result)}\n`);
    else writeAtomically(options.out, `${formatJson(result)}\n`);
    process.exitCode = exitCode;
  } finally {
    progress.close();
  }
}
