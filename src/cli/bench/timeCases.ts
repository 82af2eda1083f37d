import type { BenchCase } from '../../bench/benchCase.ts';
import type { Prepared, ProfileLine } from '../../bench/benchRunner.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import type { BenchDriver } from './driver.ts';
import { firstLine, type Implementations, inOrder, prepare, startAll } from './implementations.ts';
import type { Peers } from './peers.ts';
import { sampleLength } from './sampleLength.ts';
import { type Spread, spread } from './spread.ts';
import type { ColdResult } from './timeColdStarts.ts';

/** One implementation at one case. Times in milliseconds a repetition. */
export interface Timing extends Partial<Omit<Prepared, 'result'>> {
  key: string;
  name: string;
  /** It has no such thing. */
  absent?: boolean;
  /** Why there is no time. */
  failed?: string;
  /** ‖found − float64‖∞ / ‖float64‖∞ of what the first run gave. */
  error?: number;
  wrong?: boolean;
  /** One a round. */
  samples: number[];
  time?: Spread;
}

export interface CaseResult {
  case: BenchCase;
  timings: Timing[];
  /** Time of each implementation over that of Basin: of the medians, and the least and largest in one round. */
  overBasin: Record<string, Spread>;
  profiles: Record<string, ProfileLine[]>;
}

/** One runtime's results. */
export interface BenchRun {
  runtime: BenchDriver['runtime'];
  version: string;
  adapter: AdapterInfo;
  implementations: Implementations;
  cases: CaseResult[];
  /** By the implementations' keys, where it was asked for. */
  cold?: Record<string, ColdResult>;
}

/** What is timed against what. */
export interface BenchPlan {
  cases: readonly BenchCase[];
  /** Keys of ours, as BenchRunner knows them; the first is what the others are compared with. */
  ours: readonly string[];
  peers: Peers | undefined;
  /** Samples of each implementation instead of each case's own number. */
  rounds: number | undefined;
}

/**
 * Times every implementation once a round, in an order that changes from round to round, so that what disturbs the
 * machine hits all of them alike.
 * @param references what each case must give, in float64, by its key
 * @throws if ours cannot be started.
 */
export async function timeCases(
  driver: BenchDriver,
  { cases, ours, peers, rounds }: BenchPlan,
  references: ReadonlyMap<string, Float64Array>,
  log: (line: string) => void,
): Promise<BenchRun> {
  const { workers, implementations, adapter } = await startAll(driver, ours, peers);
  const results: CaseResult[] = [];
  for (const benchCase of cases) {
    const { key } = benchCase;
    log(`${driver.version}, ${key}: compiling`);
    const timings: Timing[] = [];
    for (const [who, started] of Object.entries(implementations)) {
      const timing =
        'failed' in started
          ? { failed: started.failed, samples: [] }
          : await prepare(workers.get(who)!, who, benchCase, references.get(key)!);
      timings.push({ key: who, name: 'name' in started ? started.name : who, ...timing });
    }
    const isLive = ({ failed, absent }: Timing): boolean => failed === undefined && !absent;
    const count = rounds ?? benchCase.rounds;
    for (let round = 0; round < count; round++) {
      log(`${driver.version}, ${key}: round ${round + 1} of ${count}`);
      for (const timing of inOrder(timings, round)) {
        const { times, before, samples } = sampleLength(benchCase.times, timing.each ?? 0);
        if (!isLive(timing) || timing.samples.length >= samples) continue;
        try {
          timing.samples.push(await workers.get(timing.key)!.call('time', timing.key, times, before));
        } catch (error) {
          timing.failed = firstLine(error);
        }
      }
    }
    for (const timing of timings) if (timing.samples.length > 0) timing.time = spread(timing.samples);
    const profiles: CaseResult['profiles'] = {};
    for (const timing of timings.filter(isLive)) {
      const profile = await workers.get(timing.key)!.call('profile', timing.key);
      if (profile) profiles[timing.key] = profile;
      await workers.get(timing.key)!.call('release', timing.key);
    }
    results.push({ case: benchCase, timings, overBasin: ratios(timings, ours[0]!), profiles });
  }
  const { runtime, version } = driver;
  return { runtime, version, adapter, implementations, cases: results };
}

function ratios(timings: readonly Timing[], ours: string): Record<string, Spread> {
  const basin = timings.find(({ key }) => key === ours)!;
  const others = timings.filter(({ key, time, wrong }) => key !== ours && time && basin.time && !wrong);
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
