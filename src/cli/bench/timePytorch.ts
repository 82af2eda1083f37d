import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { SweepCase } from '../../bench/sweep/sweepCase.ts';
import { type Spread, spread } from './spread.ts';

/** PyTorch on the CPU, one run after the other. */
export interface PytorchSweeps {
  version: string;
  threads: number;
  /** Milliseconds a step, by the case's key without R. */
  samples: Record<string, number[]>;
  times: Record<string, Spread>;
}

/** What a sweep is called without the number of its replicas. */
export function withoutReplicas(key: string): string {
  return key.replace(/ R=\d+$/, '');
}

/**
 * Times the same steps in PyTorch, where a Python with it is found ($PYTHON, python3, /usr/bin/python3): plain eager steps
 * of one run, by the difference of two run lengths.
 * @param folder bench/peers
 * @returns undefined where there is none
 * @throws if the script fails
 */
export function timePytorch(
  folder: string,
  cases: readonly SweepCase[],
  rounds: number,
): PytorchSweeps | undefined {
  const python = [process.env.PYTHON, 'python3', '/usr/bin/python3'].find((each) => each && hasTorch(each));
  if (python === undefined) return undefined;
  const wanted = new Map(cases.map((each) => [withoutReplicas(each.key), each]));
  const asked = [...wanted].map(([key, { widths, batch, momentum }]) => ({ key, widths, batch, momentum }));
  const script = join(folder, 'sweepPytorch.py');
  const said = JSON.parse(
    execFileSync(python, [script, JSON.stringify(asked), '--rounds', `${rounds}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const { version, threads, samples } = said as Omit<PytorchSweeps, 'times'>;
  const times = Object.fromEntries(Object.entries(samples).map(([key, each]) => [key, spread(each)]));
  return { version, threads, samples, times };
}

function hasTorch(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
