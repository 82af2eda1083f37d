import { fstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** What an output's path leads to. */
export type OutputTarget =
  /** A descriptor of this process: `/dev/stdout`, `/dev/fd/63` of a shell's `>(command)`. */
  | { readonly kind: 'descriptor'; readonly descriptor: number; readonly stat: Stats | undefined }
  /** A device, a pipe, a socket or a folder. */
  | { readonly kind: 'special'; readonly path: string; readonly stat: Stats }
  /** A regular file, or none yet (`stat` undefined), with all links followed. */
  | { readonly kind: 'file'; readonly path: string; readonly stat: Stats | undefined };

const STANDARD: Record<string, number> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/** Links that lead to links, at most: beyond it goes in a circle. */
const MOST_LINKS = 40;

/** Follows a path to what would be written. @throws the system's error for links in a circle */
export function outputTarget(path: string): OutputTarget {
  const descriptor = ownDescriptor(path);
  if (descriptor !== undefined) return { kind: 'descriptor', descriptor, stat: statOf(descriptor) };
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) return { kind: 'special', path, stat };
  return { kind: 'file', path: followed(path), stat };
}

/** The name behind the links, in its folder's own name, also where nothing is there yet. */
function followed(path: string): string {
  let name = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    try {
      name = join(realpathSync(dirname(name)), basename(name));
      name = resolve(dirname(name), readlinkSync(name));
    } catch {
      return name;
    }
  }
  return name;
}

function ownDescriptor(path: string): number | undefined {
  if (process.platform === 'win32') return undefined;
  const found = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
  return found === undefined ? STANDARD[path] : Number(found);
}

function statOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}
