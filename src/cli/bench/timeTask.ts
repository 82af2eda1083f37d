import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TASK_PARTS, type TaskPart } from '../../bench/task/taskProgram.ts';
import type { PartDone, TaskOpened } from '../../bench/task/taskSession.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import { codeLines } from './codeLines.ts';
import type { BenchDriver, BenchWorker } from './driver.ts';
import type { Peers } from './peers.ts';
import { worstError } from './references.ts';
import { type Spread, spread } from './spread.ts';
import type { TaskReference } from './taskReference.ts';

/** Untimed runs of every part before the rounds. */
const WARM_UP = 2;

/** A part of the task by one program. Milliseconds until its numbers are in the host's memory. */
export interface PartTiming {
  /** ‖found − float64‖∞ / ‖float64‖∞; of the variance also that of its trace, if it is the larger one. */
  error?: number;
  wrong?: boolean;
  /** Why there is no time. */
  failed?: string;
  /** In a browser or process of its own, one a cold round: compilation included. */
  firstSamples: number[];
  samples: number[];
  first?: Spread;
  time?: Spread;
  /** Bytes of GPU buffers, the most at once while it ran: the first time, and in later rounds. */
  firstPeakBytes?: number;
  peakBytes?: number;
}

/** A program of bench/peers/task at one batch size. */
export interface TaskTiming {
  key: string;
  /** Why there is nothing. */
  failed?: string;
  opened: TaskOpened[];
  parts: Record<TaskPart, PartTiming>;
  /** All of it: from nothing in the page until the last part's first numbers, and all parts of a round. */
  first?: Spread;
  time?: Spread;
  /** Bytes of GPU buffers: the most at once, in a round, after the rounds and after the program has closed. */
  peakBytes?: number;
  roundPeakBytes?: number;
  heldBytes?: number;
  leftBytes?: number;
  /** Bytes of the page's heap after the rounds, less those before it had the library. */
  heapBytes?: number;
}

export interface TaskBatch {
  batch: number;
  timings: TaskTiming[];
}

/** One runtime's results. */
export interface TaskRun {
  runtime: BenchDriver['runtime'];
  version: string;
  adapter: AdapterInfo;
  /** Of the programs' files, without comments and empty lines. */
  lines: Record<string, number>;
  batches: TaskBatch[];
}

export interface TaskPlan {
  readonly batches: readonly number[];
  readonly rounds: number;
  readonly coldRounds: number;
}

/** Lines of each program's code. */
export function taskLines({ folder, tasks }: Peers): Record<string, number> {
  return Object.fromEntries(
    tasks.map((key) => [key, codeLines(readFileSync(join(folder, 'task', `${key}.js`), 'utf8'))]),
  );
}

/**
 * Runs every program at one batch size. Cold: each in a browser or process of its own that was not there before, one after the
 * other. Then all open at once, each part of each once a round, in an order that changes from round to round.
 */
export async function timeTask(
  open: () => Promise<BenchDriver>,
  keys: readonly string[],
  batch: number,
  reference: TaskReference,
  { rounds, coldRounds }: Pick<TaskPlan, 'rounds' | 'coldRounds'>,
  log: (line: string) => void,
): Promise<TaskBatch> {
  const timings = keys.map(newTiming);
  for (let round = 0; round < coldRounds; round++) {
    for (const timing of rotated(timings, round)) {
      if (timing.failed !== undefined) continue;
      log(`B = ${batch}, cold, ${timing.key}: round ${round + 1} of ${coldRounds}`);
      const driver = await open();
      try {
        await coldRun(await driver.worker(), driver.peerUrl(`task-${timing.key}`), batch, timing, reference);
      } catch (error) {
        timing.failed = firstLine(error);
      } finally {
        await driver.close();
      }
    }
  }
  const driver = await open();
  try {
    await steadyRuns(driver, batch, timings, rounds, log);
  } finally {
    await driver.close();
  }
  for (const timing of timings) sumUp(timing);
  return { batch, timings };
}

function newTiming(key: string): TaskTiming {
  const part = (): PartTiming => ({ firstSamples: [], samples: [] });
  return { key, opened: [], parts: { gradient: part(), hessianProduct: part(), variance: part() } };
}

async function coldRun(
  worker: BenchWorker,
  url: string,
  batch: number,
  timing: TaskTiming,
  reference: TaskReference,
): Promise<void> {
  timing.opened.push(await worker.call('openTask', url, batch));
  for (const part of TASK_PARTS) {
    const of = timing.parts[part];
    const done = await attempt(of, () => worker.call('doPart', part, true));
    if (!done) continue;
    check(of, done, part, reference);
    of.firstSamples.push(done.milliseconds);
    of.firstPeakBytes = Math.max(of.firstPeakBytes ?? 0, done.peakBytes);
  }
}

function check(
  of: PartTiming,
  done: PartDone,
  part: TaskPart,
  { parts, trace, tolerance }: TaskReference,
): void {
  const errors = [worstError(done.values!, parts[part])];
  if (part === 'variance') errors.push(Math.abs((done.trace ?? Number.NaN) - trace) / trace);
  const error = errors.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...errors);
  of.error = Math.max(of.error ?? 0, error);
  of.wrong = !(of.error <= tolerance);
}

async function steadyRuns(
  driver: BenchDriver,
  batch: number,
  timings: readonly TaskTiming[],
  rounds: number,
  log: (line: string) => void,
): Promise<void> {
  const running: { timing: TaskTiming; worker: BenchWorker; heapBefore: number | undefined }[] = [];
  for (const timing of timings) {
    if (timing.failed !== undefined) continue;
    const worker = await driver.worker();
    const heapBefore = await worker.heapBytes();
    await worker.call('openTask', driver.peerUrl(`task-${timing.key}`), batch);
    for (let i = 0; i < WARM_UP; i++) await once(worker, timing, () => {});
    running.push({ timing, worker, heapBefore });
  }
  for (let round = 0; round < rounds; round++) {
    log(`${driver.version}, B = ${batch}: round ${round + 1} of ${rounds}`);
    for (const { timing, worker } of rotated(running, round)) {
      await once(worker, timing, (of, done) => {
        of.samples.push(done.milliseconds);
        of.peakBytes = Math.max(of.peakBytes ?? 0, done.peakBytes);
        timing.heldBytes = done.bytes;
      });
    }
  }
  for (const { timing, worker, heapBefore } of running) {
    const heap = await worker.heapBytes();
    if (heap !== undefined && heapBefore !== undefined) timing.heapBytes = heap - heapBefore;
    timing.leftBytes = (await worker.call('closeTask')).bytes;
  }
}

/** Every part of a program once. */
async function once(
  worker: BenchWorker,
  { parts }: TaskTiming,
  take: (of: PartTiming, done: PartDone) => void,
): Promise<void> {
  for (const part of TASK_PARTS) {
    const of = parts[part];
    const done = await attempt(of, () => worker.call('doPart', part, false));
    if (done) take(of, done);
  }
}

/** Does a part that has not failed yet. */
async function attempt(of: PartTiming, act: () => Promise<PartDone>): Promise<PartDone | undefined> {
  if (of.failed !== undefined) return undefined;
  try {
    const done = await act();
    if (done.gpuErrors.length === 0) return done;
    of.failed = `WebGPU reported ${done.gpuErrors[0]!.split('\n')[0]}`;
  } catch (error) {
    of.failed = firstLine(error);
  }
  return undefined;
}

function sumUp(timing: TaskTiming): void {
  const parts = TASK_PARTS.map((part) => timing.parts[part]);
  for (const of of parts) {
    if (of.firstSamples.length > 0) of.first = spread(of.firstSamples);
    if (of.samples.length > 0) of.time = spread(of.samples);
  }
  const most = (bytes: 'firstPeakBytes' | 'peakBytes') => Math.max(0, ...parts.map((of) => of[bytes] ?? 0));
  timing.roundPeakBytes = most('peakBytes');
  timing.peakBytes = Math.max(most('firstPeakBytes'), timing.roundPeakBytes);
  if (timing.failed !== undefined || parts.some(({ failed }) => failed !== undefined)) return;
  const together = (of: 'firstSamples' | 'samples', i: number) =>
    parts.reduce((sum, { [of]: samples }) => sum + samples[i]!, 0);
  timing.first = spread(timing.opened.map(({ load, open }, i) => load + open + together('firstSamples', i)));
  timing.time = spread(parts[0]!.samples.map((_, i) => together('samples', i)));
}

/** Moved on by one each round, and there and back in turn, so that no one always follows the same other. */
function rotated<T>(items: readonly T[], round: number): T[] {
  const moved = items.map((_, i) => items[(i + round) % items.length]!);
  return round % 2 ? moved.reverse() : moved;
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!.slice(0, 300);
}
