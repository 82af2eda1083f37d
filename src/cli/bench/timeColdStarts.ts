import type { ColdStart } from '../../bench/benchRunner.ts';
import { type BenchDriver, type Fetched, OWN_COLD } from './driver.ts';
import { type Spread, spread } from './spread.ts';

/** One implementation's, in browsers or processes of its own. */
export interface ColdResult {
  samples: ColdStart[];
  /** Why there are fewer. */
  failed?: string;
  init?: Spread;
  firstProduct?: Spread;
  firstStep?: Spread;
  pipelines?: number;
  /** What a page loads of it; not under Node. */
  files?: readonly Fetched[];
}

/**
 * Starts each implementation as often as there are rounds, each time in a browser or process that was not there before,
 * one after the other.
 * @param keys of bench/peers, beside ours
 */
export async function timeColdStarts(
  open: () => Promise<BenchDriver>,
  keys: readonly string[],
  rounds: number,
  log: (line: string) => void,
): Promise<Record<string, ColdResult>> {
  const results: Record<string, ColdResult> = {};
  const urls = new Map<string, (driver: BenchDriver) => string>();
  for (const key of OWN_COLD) urls.set(key, (driver) => driver.ownUrl(key));
  for (const key of keys) urls.set(key, (driver) => driver.peerUrl(key));
  for (const key of urls.keys()) results[key] = { samples: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [key, result] of Object.entries(results)) {
      if (result.failed !== undefined) continue;
      log(`cold start of ${key}: round ${round + 1} of ${rounds}`);
      const driver = await open();
      try {
        const worker = await driver.worker();
        result.samples.push(await worker.call('cold', urls.get(key)!(driver)));
        result.files = driver.fetched();
      } catch (error) {
        result.failed = (error as Error).message.split('\n')[0]!.slice(0, 300);
      } finally {
        await driver.close();
      }
    }
  }
  for (const result of Object.values(results)) {
    for (const what of ['init', 'firstProduct', 'firstStep'] as const) {
      const times = result.samples.flatMap((sample) => sample[what] ?? []);
      if (times.length > 0) result[what] = spread(times);
    }
    result.pipelines = result.samples[0]?.pipelines;
  }
  return results;
}
