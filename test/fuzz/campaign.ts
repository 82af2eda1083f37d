import fc from 'fast-check';
import type { Gpu } from '../../src/gpu/device.ts';
import { type Compile, FuzzFailure, fuzzGraph, noStatistics, type Statistics } from './fuzzGraph.ts';
import { type GraphCase, graphArbitrary, type Restriction } from './graphArbitrary.ts';
import { PoisonedArena } from './poisonedArena.ts';

export interface CampaignOptions {
  readonly graphs: number;
  readonly seed: number;
  /** Repeats the one graph of a failure. */
  readonly path?: string;
  readonly restriction?: Restriction;
  /** Failures after which it ends; each is shrunk first. */
  readonly mostFailures?: number;
  /** Milliseconds that the shrinking of one failure may take. */
  readonly shrinkFor?: number;
  readonly compile?: Compile;
  readonly onProgress?: (statistics: Statistics) => void;
}

export interface Failure {
  /** The seed and path by which fast-check makes the shrunk graph again. */
  readonly seed: number;
  readonly path: string;
  /** Graphs drawn until it was met. */
  readonly after: number;
  readonly message: string;
}

export interface Campaign {
  readonly seed: number;
  readonly statistics: Statistics;
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

/** Draws graphs by a seed and runs each. After a failure it goes on with the next seed. */
export async function runCampaign(gpu: Gpu, options: CampaignOptions): Promise<Campaign> {
  const { graphs, path, restriction, mostFailures = 1, shrinkFor = 60_000, compile, onProgress } = options;
  const arena = new PoisonedArena(gpu);
  const statistics = noStatistics();
  const failures: Failure[] = [];
  const started = performance.now();
  let seed = options.seed;
  let left = graphs;
  const run = async (drawn: GraphCase, into: Statistics): Promise<void> => {
    await fuzzGraph(gpu, drawn, arena, into, compile);
    if (into.graphs % 100 === 0) onProgress?.(into);
  };
  while (left > 0 && failures.length < mostFailures) {
    let failedAt = 0;
    let drawnSoFar = 0;
    const property = fc.asyncProperty(graphArbitrary(restriction), async (drawn) => {
      // What is drawn to shrink a failure counts for nothing.
      const into = failedAt === 0 ? statistics : noStatistics();
      if (failedAt > 0 && performance.now() - failedAt > shrinkFor) return;
      if (failedAt === 0) drawnSoFar++;
      try {
        await run(drawn, into);
      } catch (error) {
        if (failedAt === 0) failedAt = performance.now();
        throw error;
      }
    });
    const result = await fc.check(property, {
      seed,
      ...(path === undefined ? { numRuns: left } : { path, numRuns: 1, endOnFailure: true }),
    });
    left = path === undefined ? left - drawnSoFar : 0;
    if (result.failed) {
      const { errorInstance, counterexamplePath } = result;
      const message =
        errorInstance instanceof FuzzFailure
          ? errorInstance.message
          : String((errorInstance as Error)?.stack ?? errorInstance);
      failures.push({ seed, path: counterexamplePath ?? '', after: drawnSoFar, message });
    }
    seed = (seed + 1) | 0;
  }
  arena.dispose();
  return { seed: options.seed, statistics, failures, seconds: (performance.now() - started) / 1000 };
}
