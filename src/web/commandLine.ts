import type { JobSpec } from '../jobs/job.ts';
import type { WeightsFile } from './fields/field.ts';

/** The command that runs a job of files on a terminal, with what its description says: `basin measure --model model.json …`. */
export function commandLine(spec: JobSpec): string {
  const { job, kind, ...settings } = spec as { job: string; kind?: string } & Record<string, unknown>;
  const options = Object.entries(settings).flatMap(([key, value]) => {
    const option = `--${key.replaceAll('_', '-')}`;
    return value === true ? [option] : [option, ...wordsOf(key, value)];
  });
  return ['basin', job, ...(kind === undefined ? [] : [kind]), ...options].map(shellWord).join(' ');
}

/** A setting's value as words of the command line. */
function wordsOf(key: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => wordsOf(key, each));
  if (key === 'mark') {
    return Object.entries(value as Record<string, WeightsFile>).map(
      ([name, file]) => `${name}=${path(file)}`,
    );
  }
  return [typeof value === 'object' && value !== null ? path(value as WeightsFile) : String(value)];
}

/** `file#prefix`; a path that holds a # is written with another one at its end. */
function path(file: WeightsFile): string {
  if (typeof file !== 'string') return `${file.weights}#${file.prefix}`;
  return file.includes('#') ? `${file}#` : file;
}

/** As a POSIX shell takes it. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+,#-]+$/.test(word) && !word.startsWith('#')
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}
