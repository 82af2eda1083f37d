import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Held } from './watch.ts';

/** What the processes hold that a process has started, and theirs. */
export function heldByChildren(of: number): Pick<Held, 'rss' | 'handles'> {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = rows.map((row) => {
    const [pid, parent, kilobytes] = row.trim().split(/\s+/, 3).map(Number);
    return { pid: pid!, parent: parent!, rss: 1024 * kilobytes!, isOwn: row.includes('pid=,ppid=') };
  });
  const below = (pid: number): typeof all =>
    all
      .filter(({ parent, isOwn }) => parent === pid && !isOwn)
      .flatMap((child) => [child, ...below(child.pid)]);
  const found = below(of);
  return {
    rss: found.reduce((sum, { rss }) => sum + rss, 0),
    handles: found.reduce((sum, { pid }) => sum + handlesOf(pid), 0),
  };
}

function handlesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // Where the system has no such folder, and of a process that has ended meanwhile.
    return 0;
  }
}
