import { basename, dirname } from 'node:path';
import type { JobHost } from '../jobs/job.ts';

/** A built-in file: a set, and a name in it. */
const BUILTIN = /^builtin:[\w-]+\/[\w-][\w.-]*$/;

/**
 * A host that reads for a page no more than its job asks for: built-in data, the files that the job's description names,
 * the labels beside images, and what lies in a folder that it names.
 * @param spec the job's description, whose texts may be paths or lists of them separated by commas
 */
export function limitReads<Host extends JobHost>(host: Host, spec: unknown): Host {
  const named = [...texts(spec)];
  const folders = new Set(named.flatMap((text) => text.split(',').map((part) => dirname(part))));
  const isNamed = (path: string): boolean =>
    BUILTIN.test(path) ||
    named.some((text) => `,${text},`.includes(`,${path},`) || text === dirname(path)) ||
    (folders.has(dirname(path)) && basename(path).includes('labels'));
  return {
    ...host,
    async read(path: string) {
      if (!isNamed(path)) throw new Error(`${path}: the job names no such file`);
      return host.read(path);
    },
  };
}

/** Every text in a value of JSON. */
function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) yield* texts(each);
  }
}
