import type { BenchCase } from '../../bench/benchCase.ts';
import type { Started } from '../../bench/benchRunner.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import type { BenchDriver, BenchWorker } from './driver.ts';
import type { Peers } from './peers.ts';
import { worstError } from './references.ts';
import type { Timing } from './timeCases.ts';

/** Who is timed, by key: what it calls itself, or why it is not there. */
export type Implementations = Record<string, Started | { failed: string }>;

/** All who are timed, each ready. */
export interface StartedAll {
  implementations: Implementations;
  /** Of those that started. */
  workers: ReadonlyMap<string, BenchWorker>;
  /** Ours. */
  adapter: AdapterInfo;
}

/**
 * Starts ours in one page or process, each peer in one of its own.
 * @param ours keys, as BenchRunner knows them; at least one
 * @throws if ours cannot be started.
 */
export async function startAll(
  driver: BenchDriver,
  ours: readonly string[],
  peers: Peers | undefined,
): Promise<StartedAll> {
  const workers = new Map<string, BenchWorker>();
  const implementations: Implementations = {};
  let adapter: AdapterInfo | undefined;
  const own = await driver.worker();
  for (const key of ours) {
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
  return { implementations, workers, adapter: adapter! };
}

/** Moved on by one each round, and there and back in turn, so that no one always follows the same other. */
export function inOrder<T>(items: readonly T[], round: number): T[] {
  const moved = items.map((_, i) => items[(i + round) % items.length]!);
  return round % 2 ? moved.reverse() : moved;
}

/** A case made ready by one implementation and done for the first time; what it gave is held against float64. */
export async function prepare(
  worker: BenchWorker,
  who: string,
  { key, times, tolerance }: BenchCase,
  reference: Float64Array,
): Promise<Omit<Timing, 'key' | 'name'>> {
  try {
    const prepared = await worker.call('prepare', who, key, times);
    if (!prepared) return { absent: true, samples: [] };
    const { result, ...counted } = prepared;
    const error = worstError(result, reference);
    return { ...counted, error, wrong: !(error <= tolerance), samples: [] };
  } catch (error) {
    return { failed: firstLine(error), samples: [] };
  }
}

export function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!.slice(0, 300);
}
