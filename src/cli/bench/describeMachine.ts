import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { checkoutFolder } from './peers.ts';

/** When, on what, from which commit something was measured. */
export interface Machine {
  date: string;
  /** In a checkout. */
  commit?: string;
  processors: string;
  /** Processes that wanted to run in the minute before. */
  load: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    processors: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    load: loadavg()[0]!,
  };
}

function commit(): string | undefined {
  const cwd = checkoutFolder();
  if (cwd === undefined) return undefined;
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('--no-optional-locks', 'status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return undefined;
  }
}
