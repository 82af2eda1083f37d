import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import type { AdapterInfo } from '../gpu/device.ts';
import type { Prepared, ProfileLine, Started } from '../jobs/benchRunner.ts';
import { BATCHES, benchTask, STEPS } from '../jobs/benchTask.ts';
import { mlpTrainingLoss } from '../reference/mlpTraining.ts';
import type { BenchDriver, BenchWorker } from './benchDriver.ts';
import { checkoutFolder, type Peers } from './benchPeers.ts';

/** Keys of ours, as BenchRunner knows them. */
export const OURS = ['basin', 'basin-statistics', 'basin-train'] as const;

/** Relative error of a loss past which a result is wrong. */
const TOLERANCE = 1e-4;

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** One implementation at one batch size. Times in milliseconds a step. */
export interface Timing extends Partial<Prepared> {
  key: string;
  name: string;
  /** Why there is no time. */
  failed?: string;
  /** Relative error of the loss of the last step against float64. */
  error?: number;
  wrong?: boolean;
  /** One a round. */
  samples: number[];
  time?: Spread;
}

export interface BatchResult {
  batch: number;
  /** Loss of the last of the first steps, in float64. */
  reference: number;
  timings: Timing[];
  /** Time of each implementation over that of Basin: of the medians, and the least and largest in one round. */
  overBasin: Record<string, Spread>;
  profiles: Record<string, ProfileLine[]>;
}

/** One runtime's results. */
export interface StepRun {
  runtime: BenchDriver['runtime'];
  version: string;
  adapter: AdapterInfo;
  implementations: Record<string, Started | { failed: string }>;
  stepsPerSample: number;
  batches: BatchResult[];
}

/** What `--out` holds. */
export interface StepReport {
  bench: 'step';
  date: string;
  /** In a checkout. */
  commit?: string;
  processors: string;
  /** Processes that wanted to run in the minute before. */
  load: number;
  runs: StepRun[];
}

/**
 * Times every implementation once a round, in an order that changes from round to round, so that what disturbs the
 * machine hits all of them alike.
 * @param references losses in float64, by batch size
 * @throws if ours cannot be started.
 */
export async function benchStep(
  driver: BenchDriver,
  peers: Peers | undefined,
  rounds: number | undefined,
  references: ReadonlyMap<number, number>,
  log: (line: string) => void,
): Promise<StepRun> {
  const workers = new Map<string, BenchWorker>();
  const implementations: StepRun['implementations'] = {};
  let adapter: AdapterInfo | undefined;
  const own = await driver.worker();
  for (const key of OURS) {
    const started = await own.call('start', key);
    adapter ??= started.adapter;
    implementations[key] = { ...started, adapter: undefined };
    workers.set(key, own);
  }
  for (const key of peers?.keys ?? []) {
    try {
      const worker = await driver.worker();
      implementations[key] = await worker.call('start', key, driver.peerUrl(key));
      workers.set(key, worker);
    } catch (error) {
      implementations[key] = { failed: firstLine(error) };
    }
  }

  const batches: BatchResult[] = [];
  for (const batch of BATCHES) {
    log(`${driver.version}, B = ${batch}: compiling`);
    const timings = new Map<string, Timing>();
    for (const [key, worker] of workers)
      timings.set(key, await prepare(worker, key, batch, references.get(batch)!));
    for (const [key, started] of Object.entries(implementations)) {
      const { name, failed } = { name: key, failed: undefined, ...started };
      const timing = timings.get(key);
      if (timing) timing.name = name;
      else timings.set(key, { key, name, failed, samples: [] });
    }

    const live = [...timings.values()].filter(({ failed }) => failed === undefined);
    const count = rounds ?? (batch > 256 ? 5 : 7);
    for (let round = 0; round < count; round++) {
      log(`${driver.version}, B = ${batch}: round ${round + 1} of ${count}`);
      for (const timing of inOrder(live, round)) {
        if (timing.failed !== undefined) continue;
        try {
          timing.samples.push(await workers.get(timing.key)!.call('time', timing.key));
        } catch (error) {
          timing.failed = firstLine(error);
        }
      }
    }
    for (const timing of live) timing.time = spread(timing.samples);

    const profiles: BatchResult['profiles'] = {};
    for (const { key, failed } of live) {
      const profile = failed === undefined ? await workers.get(key)!.call('profile', key) : null;
      if (profile) profiles[key] = profile;
      if (failed === undefined) await workers.get(key)!.call('release', key);
    }
    batches.push({
      batch,
      reference: references.get(batch)!,
      timings: [...timings.values()],
      overBasin: ratios([...timings.values()]),
      profiles,
    });
  }
  const { runtime, version } = driver;
  return { runtime, version, adapter: adapter!, implementations, stepsPerSample: STEPS, batches };
}

/** Moved on by one each round, and there and back in turn, so that no one always follows the same other. */
function inOrder<T>(items: readonly T[], round: number): T[] {
  const moved = items.map((_, i) => items[(i + round) % items.length]!);
  return round % 2 ? moved.reverse() : moved;
}

async function prepare(worker: BenchWorker, key: string, batch: number, reference: number): Promise<Timing> {
  try {
    const prepared = await worker.call('prepare', key, batch);
    const error = Math.abs(prepared.loss / reference - 1);
    return { key, name: key, ...prepared, error, wrong: !(error <= TOLERANCE), samples: [] };
  } catch (error) {
    return { key, name: key, failed: firstLine(error), samples: [] };
  }
}

function ratios(timings: readonly Timing[]): Record<string, Spread> {
  const basin = timings.find(({ key }) => key === 'basin')!;
  const others = timings.filter(({ key, time, wrong }) => key !== 'basin' && time && basin.time && !wrong);
  return Object.fromEntries(
    others.map(({ key, time, samples }) => [
      key,
      {
        ...spread(samples.flatMap((ms, round) => (basin.samples[round] ? [ms / basin.samples[round]] : []))),
        median: time!.median / basin.time!.median,
      },
    ]),
  );
}

function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** The loss that every implementation must find, by batch size. Takes some seconds. */
export function referenceLosses(): Map<number, number> {
  return new Map(BATCHES.map((batch) => [batch, mlpTrainingLoss(benchTask(batch), STEPS)]));
}

/** When, on what, from which commit. */
export function describeMachine(): Omit<StepReport, 'runs'> {
  const processors = cpus();
  return {
    bench: 'step',
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

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!.slice(0, 300);
}
