import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './isAlive.ts';

/** Short, since sockets are made in such folders and their paths may have about a hundred characters. */
const PREFIX = `basin-${createHash('sha256').update(hostname()).digest('hex').slice(0, 6)}-`;

/**
 * Makes a folder for temporary files that is known to be this process's, below the system's. Those of processes of this
 * machine that were killed are removed first.
 */
export function makeProcessFolder(parent = tmpdir()): string {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(PREFIX) ? /^(\d+)-/.exec(name.slice(PREFIX.length))?.[1] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
  return mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
}
