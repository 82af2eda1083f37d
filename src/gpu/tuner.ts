import type { Gpu } from './device.ts';
import { PassClock } from './passClock.ts';
import type { Program } from './program.ts';

/** Milliseconds that a program takes `repeats` times over, in one pass. Tests put their own in place of a clock. */
export type Timer = (program: Program, repeats: number) => Promise<number>;

/** What was measured of one contender, in milliseconds a run. */
export interface Measured {
  readonly median: number;
  /** Half of the range between the quartiles: half of all samples lie within it around the median. */
  readonly spread: number;
}

/** A sample lasts at least so long, so that a clock's ticks and a submit's cost are a small part of it. */
const SHORTEST_SAMPLE = 10;
const MOST_REPEATS = 4096;
/** Samples of each contender, taken in turns: what disturbs the machine hits all of them alike. */
const ROUNDS = 7;
/** A gain below this is none, however sure. */
const LEAST_GAIN = 0.02;

/**
 * Times on the device: by timestamp queries where the adapter has them and they move, else by the wall clock from the
 * submit to its end.
 */
export function deviceTimer(gpu: Gpu): { readonly time: Timer; dispose(): void } {
  const clock = new PassClock(gpu);
  return {
    time: async (program, repeats) => {
      const { wall, queries } = await clock.time(program, repeats);
      const milliseconds = queries ? Number(queries.end - queries.begin) / 1e6 : wall;
      return milliseconds > 0 && milliseconds <= wall ? milliseconds : wall;
    },
    dispose: () => clock.dispose(),
  };
}

/** Milliseconds of one run, roughly: after one to warm up, of a few where one is too short to tell. */
export async function estimate(time: Timer, program: Program): Promise<number> {
  await time(program, 1);
  const one = await time(program, 1);
  const repeats = Math.min(MOST_REPEATS, Math.ceil(SHORTEST_SAMPLE / 4 / Math.max(one, 1e-3)));
  return repeats === 1 ? one : Math.min(one, (await time(program, repeats)) / repeats);
}

/** Samples of every program, in milliseconds a run, taken in turns: forwards in one round, backwards in the next. */
export async function interleave(time: Timer, programs: readonly Program[]): Promise<number[][]> {
  const repeats: number[] = [];
  for (const program of programs) {
    let count = 1;
    for (;;) {
      const lasted = await time(program, count);
      if (lasted >= SHORTEST_SAMPLE || count >= MOST_REPEATS) break;
      // Aims a little past the goal, and never trusts a short sample with more than a tenfold step.
      const factor = Math.min(10, (1.2 * SHORTEST_SAMPLE) / Math.max(lasted, 1e-3));
      count = Math.min(MOST_REPEATS, Math.max(count + 1, Math.ceil(count * factor)));
    }
    repeats.push(count);
  }
  const samples: number[][] = programs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < programs.length; i++) {
      const which = round % 2 === 0 ? i : programs.length - 1 - i;
      samples[which]!.push((await time(programs[which]!, repeats[which]!)) / repeats[which]!);
    }
  }
  return samples;
}

export function summarise(samples: readonly number[]): Measured {
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (part: number): number => {
    const at = part * (sorted.length - 1);
    const below = sorted[Math.floor(at)]!;
    return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - below);
  };
  return { median: quantile(0.5), spread: (quantile(0.75) - quantile(0.25)) / 2 };
}

/**
 * The fastest, if it beats the default by more than both spreads and a fiftieth; else the default.
 * @param times by contender, the default first
 * @returns its index
 */
export function winner(times: readonly Measured[]): number {
  const [standard] = times as readonly [Measured, ...Measured[]];
  const fastest = times.reduce((best, { median }, i) => (median < times[best]!.median ? i : best), 0);
  const { median, spread } = times[fastest]!;
  const gain = standard.median - median;
  return gain > spread + standard.spread && gain > LEAST_GAIN * standard.median ? fastest : 0;
}
