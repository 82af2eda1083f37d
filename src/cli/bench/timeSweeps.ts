import type { ProfileLine } from '../../bench/benchRunner.ts';
import type { SweepCase } from '../../bench/sweep/sweepCase.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import type { BenchDriver } from './driver.ts';
import { firstLine, type Implementations, inOrder, prepare, startAll } from './implementations.ts';
import type { Peers } from './peers.ts';
import { spread } from './spread.ts';
import type { Timing } from './timeCases.ts';

/** Milliseconds that the longer run takes beyond the shorter one, about. */
const SAMPLE = 250;
/** Milliseconds; whoever takes longer for the shorter run is sampled once. */
const SLOW = 4000;

/** One implementation at one sweep. Samples are milliseconds a replica and step. */
export interface SweepTiming extends Timing {
  /** Steps of the longer run. */
  long?: number;
}

export interface SweepResult {
  case: SweepCase;
  timings: SweepTiming[];
  /** Ours, one step. */
  profile: ProfileLine[] | null;
}

/** One runtime's results. */
export interface SweepRun {
  runtime: BenchDriver['runtime'];
  version: string;
  adapter: AdapterInfo;
  implementations: Implementations;
  cases: SweepResult[];
}

/** What is timed against what. */
export interface SweepPlan {
  cases: readonly SweepCase[];
  peers: Peers | undefined;
  /** Samples of each instead of each case's own number. */
  rounds: number | undefined;
}

/**
 * Times R runs at once by the difference of two run lengths, (t(long) − t(short)) / (long − short) / R: what a run costs
 * once (its submits' first, its last reading) is in both. Once a round each implementation, in changing order.
 * @param references what each sweep must give, in float64, by its key
 * @throws if ours cannot be started
 */
export async function timeSweeps(
  driver: BenchDriver,
  { cases, peers, rounds }: SweepPlan,
  references: ReadonlyMap<string, Float64Array>,
  log: (line: string) => void,
): Promise<SweepRun> {
  const { workers, implementations, adapter } = await startAll(driver, ['basin'], peers);
  const results: SweepResult[] = [];
  for (const sweep of cases) {
    const { key, times: short, replicas } = sweep;
    log(`${driver.version}, ${key}`);
    const timings: SweepTiming[] = [];
    const isLive = ({ failed, absent }: Timing): boolean => failed === undefined && !absent;
    const time = (who: string, steps: number): Promise<number> =>
      workers
        .get(who)!
        .call('time', who, steps, 0)
        .then((each) => each * steps);
    for (const [who, started] of Object.entries(implementations)) {
      if ('failed' in started) {
        timings.push({ key: who, name: who, failed: started.failed, samples: [] });
        continue;
      }
      const prepared = await prepare(workers.get(who)!, who, sweep, references.get(key)!);
      const timing: SweepTiming = { key: who, name: started.name, ...prepared };
      if (isLive(timing)) {
        const once = await time(who, short);
        timing.long = once > SLOW ? 2 * short : short + short * Math.max(2, Math.ceil(SAMPLE / once));
      }
      timings.push(timing);
    }
    for (let round = 0; round < (rounds ?? sweep.rounds); round++) {
      for (const timing of inOrder(timings, round)) {
        if (!isLive(timing) || (round > 0 && timing.long === 2 * short)) continue;
        const [who, long] = [timing.key, timing.long!];
        try {
          const brief = await time(who, short);
          timing.samples.push(((await time(who, long)) - brief) / (long - short) / replicas);
        } catch (error) {
          timing.failed = firstLine(error);
        }
      }
    }
    for (const timing of timings) if (timing.samples.length > 0) timing.time = spread(timing.samples);
    const profile = isLive(timings[0]!) ? await workers.get('basin')!.call('profile', 'basin') : null;
    for (const { key: who } of timings.filter(isLive)) await workers.get(who)!.call('release', who);
    results.push({ case: sweep, timings, profile });
  }
  const { runtime, version } = driver;
  return { runtime, version, adapter, implementations, cases: results };
}
