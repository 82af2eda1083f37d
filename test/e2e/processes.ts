import { execFileSync } from 'node:child_process';

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Processes that a process has started, and theirs. */
export function descendants(of: number): Process[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = rows
    .map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row)!)
    .map(([, pid, parent, command]) => ({ pid: Number(pid), parent: Number(parent), command: command! }));
  const below = (pid: number): typeof all =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(of);
}

/** The browser's process that computes for the pages which a process has opened. */
export function gpuProcesses(of: number): Process[] {
  return descendants(of).filter(({ command }) => command.includes('--type=gpu-process'));
}

/** Kills a process, unless it went with one that was killed before it. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Commands of the processes that name a folder. */
export function processesOf(folder: string): string[] {
  const all = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');
  return all.filter((command) => command.includes(folder));
}
