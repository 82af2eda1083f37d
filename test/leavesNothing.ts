import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the tests a folder for temporary files, in which nothing of Basin's may be left when all are done. */
export default function leavesNothing(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'basin-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const left = readdirSync(folder).filter((name) => name.startsWith('basin-'));
    rmSync(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`the tests left temporary files behind: ${left.join(', ')}`);
  };
}
