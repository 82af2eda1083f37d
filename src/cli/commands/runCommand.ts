import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContourPanel, Figure, Panel } from '../../experiments/figure.ts';
import type { JobSpec } from '../../jobs/job.ts';
import { formatJson } from '../../present/formatJson.ts';
import { checkOutputs, checkReplaceable } from '../checkOutput.ts';
import { checkInputs } from '../guardInputs.ts';
import { resultWithFullPaths } from '../jobPaths.ts';
import { OutputError, STANDARD_OUTPUT } from '../outputError.ts';
import { isOutputClosed, print } from '../print.ts';
import { Progress } from '../progress.ts';
import { type HeadlessOptions, runHeadless } from '../runtime.ts';
import { checkFigureName, saveFigure } from '../saveFigure.ts';
import { save, saveJson } from '../saveResult.ts';
import { replaceOutput, writeOutput } from '../writeOutput.ts';

export interface OutputOptions {
  out?: string;
  tensors?: string;
  figure?: string;
  runtime: HeadlessOptions['runtime'];
}

export interface CommandSettings {
  /** The folder against which the job's paths are taken. */
  readonly baseDir: string;
  /** Files that the command itself has read, against the current folder. */
  readonly inputs?: readonly string[];
  /** Where the job's snapshots go, absolute, and whether it reads one there before it runs. */
  readonly snapshot?: { readonly file: string; readonly read?: boolean };
  /** What standard output gets of the result; JSON by default. */
  readonly textOf?: (result: Record<string, unknown>) => string;
  /** What `--figure` shows of the result. */
  readonly figureOf?: (result: Record<string, unknown>) => Figure<Panel | ContourPanel>;
  /** What replicas are called, in their order. */
  readonly replicas?: readonly string[];
}

/**
 * Runs a job to its end: progress on standard error; the result, with the paths of its job in full, as JSON in `--out` or on standard
 * output, the tensors in `--tensors`, a picture of it in `--figure`, snapshots in the file that the job names. Files are written whole, the result last; what cannot be written where it was meant to go goes elsewhere.
 * @throws InputError for outputs that cannot be, before anything runs; OutputError
 */
export async function runCommand(
  spec: JobSpec,
  { out, tensors: tensorsPath, figure, runtime }: OutputOptions,
  { baseDir, inputs = [], snapshot, replicas, textOf = formatJson, figureOf }: CommandSettings,
): Promise<void> {
  const results = { '--out': out, '--tensors': tensorsPath, '--figure': figure };
  checkFigureName(figure);
  const all = { ...results, snapshot: snapshot?.file };
  checkOutputs(all);
  if (snapshot) checkReplaceable('snapshot', snapshot.file);
  checkInputs(all, inputs);
  // A run that goes on reads the file before it replaces it.
  const outputs = snapshot?.read ? results : all;
  const progress = new Progress({ replicas });
  try {
    const onEvent: HeadlessOptions['onEvent'] = async (event) => {
      if (event.type === 'snapshot') await replaceOutput(snapshot!.file, event.tensors);
      else progress.show(event);
    };
    const ended = await runHeadless(spec, { runtime, baseDir, outputs, onEvent });
    progress.close();
    const { tensors, exitCode } = ended;
    const result = resultWithFullPaths(ended.result as Record<string, unknown>, baseDir);
    let failed: unknown;
    if (tensorsPath !== undefined) {
      if (tensors) failed = await saveTensors(tensorsPath, tensors);
      else process.stderr.write(`basin: ${tensorsPath} is not written: the job has no tensors to give\n`);
    }
    if (figure !== undefined && figureOf) {
      // A result is written whatever becomes of its picture.
      await saveFigure(figure, figureOf(result)).catch((error: unknown) => {
        failed ??= error;
      });
    }
    if (out !== undefined) await saveJson(out, result);
    else if (isOutputClosed()) failed ??= lost(tensorsPath !== undefined);
    else await print(`${textOf(result)}\n`);
    if (failed) throw failed;
    process.exitCode = exitCode;
  } finally {
    progress.close();
  }
}

/** Tensors that cannot be written where they should be are kept in a temporary folder. @returns what went wrong, if anything */
async function saveTensors(path: string, tensors: Uint8Array): Promise<unknown> {
  try {
    await save(path, tensors);
    return undefined;
  } catch (error) {
    const kept = join(mkdtempSync(join(tmpdir(), 'basin-kept-')), 'tensors.safetensors');
    const saved = await writeOutput(kept, tensors).then(
      () => `the tensors are in ${kept}`,
      () => 'the tensors are lost',
    );
    process.stderr.write(`basin: ${path} could not be written; ${saved}\n`);
    return error;
  }
}

/** @param tensors whether something else of the run was kept, which is then what was wanted */
function lost(tensors: boolean): Error | undefined {
  const cause = new Error('it is closed; give --out for the result');
  const error = new OutputError(STANDARD_OUTPUT, cause);
  if (!tensors) return error;
  process.stderr.write(`basin: ${error.message}\n`);
  return undefined;
}
