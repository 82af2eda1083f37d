import type { Gpu } from '../gpu/device.ts';
import { PassClock, type PassTime } from '../gpu/passClock.ts';
import type { Program } from '../gpu/program.ts';
import type { ClockInfo } from './kernelsReport.ts';
import { fillingRepeats } from './repeats.ts';

/** Timestamps that are whole multiples of this many nanoseconds are quantised: 2¹⁶ in Chromium, 10⁵ by the specification. */
const QUANTISED = 10_000n;
const PROBES = 12;
/** Timestamps and wall clock must agree so far about a pass of 20 ms. */
const AGREE = { least: 0.5, most: 1.05 };

/** A clock for passes, chosen for this device. */
export interface BenchClock {
  readonly info: ClockInfo;
  /** Milliseconds of `repeats` runs of a program in one pass. */
  time(program: Program, repeats: number): Promise<number>;
  dispose(): void;
}

/**
 * Timestamp queries where the device has them, they are not quantised and they agree with the wall clock; else the wall
 * clock, from the submit to the news that it is done.
 * @param probe a program to try both on
 */
export async function benchClock(gpu: Gpu, probe: Program): Promise<BenchClock> {
  const clock = new PassClock(gpu);
  const { repeats } = await fillingRepeats(async (n) => (await clock.time(probe, n)).wall);
  const seen: PassTime[] = [];
  for (let i = 0; i < PROBES; i++) seen.push(await clock.time(probe, repeats + i));
  const refused = refusal(seen);
  const info: ClockInfo =
    refused === null
      ? { kind: 'timestamp-query', grain: queryGrain(seen), note: null }
      : {
          kind: 'wall clock',
          grain: wallGrain(),
          note: `${refused}: times are the wall clock's over at least 20 ms, a submit's latency included`,
        };
  return {
    info,
    time: async (program, repeats) => {
      const { wall, queries } = await clock.time(program, repeats);
      return info.kind === 'timestamp-query' ? milliseconds(queries!) : wall;
    },
    dispose: () => clock.dispose(),
  };
}

function milliseconds({ begin, end }: { begin: bigint; end: bigint }): number {
  return Number(end - begin) / 1e6;
}

/** Why timestamp queries are not taken, or null. */
function refusal(seen: readonly PassTime[]): string | null {
  if (seen.some(({ queries }) => queries === null)) return 'this device has no timestamp queries';
  const step = greatestDivisor(seen);
  if (step >= QUANTISED) return `timestamps are quantised to ${(Number(step) / 1000).toFixed(1)} µs`;
  const shares = seen.map(({ wall, queries }) => milliseconds(queries!) / wall).sort((a, b) => a - b);
  const typical = shares[shares.length >> 1]!;
  if (typical < AGREE.least || typical > AGREE.most) {
    return `timestamps say ${typical.toFixed(2)} of what the wall clock says`;
  }
  return null;
}

function queryGrain(seen: readonly PassTime[]): number {
  return Number(greatestDivisor(seen)) / 1e6;
}

/** Of all timestamps, in nanoseconds. */
function greatestDivisor(seen: readonly PassTime[]): bigint {
  let divisor = 0n;
  for (const { queries } of seen) {
    for (let next of [queries!.begin, queries!.end])
      while (next !== 0n) [divisor, next] = [next, divisor % next];
  }
  return divisor;
}

/** Smallest step of the wall clock among a few, in milliseconds. */
function wallGrain(): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i++) {
    const before = performance.now();
    let now = before;
    while (now === before) now = performance.now();
    smallest = Math.min(smallest, now - before);
  }
  return smallest;
}
