import type { BenchRunner } from '../../jobs/bench/benchRunner.ts';

/** What is asked of a runner in a page or in another process. */
export type BenchCalls = Pick<BenchRunner, 'start' | 'prepare' | 'time' | 'profile' | 'release'>;

/** A page or process of its own, in which one library lives. */
export interface BenchWorker {
  /** @throws what the runner throws, or how page or process ended */
  call<M extends keyof BenchCalls>(
    method: M,
    ...args: Parameters<BenchCalls[M]>
  ): Promise<Awaited<ReturnType<BenchCalls[M]>>>;
}

/** Where implementations are timed. */
export interface BenchDriver {
  runtime: 'browser' | 'node';
  /** Browser or Node, with its version. */
  version: string;
  worker(): Promise<BenchWorker>;
  /** Where a worker finds a peer's adapter. */
  peerUrl(key: string): string;
  close(): Promise<void>;
}
