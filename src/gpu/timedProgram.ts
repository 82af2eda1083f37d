import type { Gpu } from './device.ts';
import { orLost } from './orLost.ts';
import type { Program } from './program.ts';

/** A sample is so many milliseconds of the same work, so that the clock's grain and the submit do not count. */
const SAMPLE = 40;

/** What can be timed: a program, or what runs as one. */
export type Timeable = Pick<Program, 'label' | 'encode'>;

/** A program that runs as often within one submit as a sample asks for. */
export interface TimedProgram {
  readonly program: Timeable;
  readonly repeats: number;
}

/** Runs a program twice and chooses how often a sample runs it. */
export async function timed(gpu: Gpu, program: Timeable): Promise<TimedProgram> {
  await timeProgram(gpu, { program, repeats: 1 });
  const once = await timeProgram(gpu, { program, repeats: 1 });
  return { program, repeats: Math.max(1, Math.min(200, Math.round(SAMPLE / once))) };
}

/** Milliseconds a run, of several in one submit. */
export async function timeProgram(gpu: Gpu, { program, repeats }: TimedProgram): Promise<number> {
  const { queue } = gpu.device;
  const started = performance.now();
  const encoder = gpu.device.createCommandEncoder({ label: program.label });
  const pass = encoder.beginComputePass({ label: program.label });
  for (let i = 0; i < repeats; i++) program.encode(pass);
  pass.end();
  queue.submit([encoder.finish()]);
  await orLost(gpu, queue.onSubmittedWorkDone());
  return (performance.now() - started) / repeats;
}

/** What is next to what changes from round to round, there and back in turn. */
export function inTurn<T>(items: readonly T[], round: number): T[] {
  const moved = items.map((_, i) => items[(i + round) % items.length]!);
  return round % 2 ? moved.reverse() : moved;
}

export function medianOf(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
