import type { BenchRunner } from '../../bench/benchRunner.ts';

/** What is asked of a runner in a page or in another process. */
export type BenchCalls = Pick<
  BenchRunner,
  'start' | 'cold' | 'prepare' | 'time' | 'profile' | 'release' | 'openTask' | 'doPart' | 'closeTask'
>;

/** A page or process of its own, in which one library lives. */
export interface BenchWorker {
  /** @throws what the runner throws, or how page or process ended */
  call<M extends keyof BenchCalls>(
    method: M,
    ...args: Parameters<BenchCalls[M]>
  ): Promise<Awaited<ReturnType<BenchCalls[M]>>>;
  /** Bytes of the page's JavaScript heap, array buffers included, after a collection; undefined where no one tells. */
  heapBytes(): Promise<number | undefined>;
}

/** A file that was loaded over the network, in bytes. */
export interface Fetched {
  path: string;
  bytes: number;
  gzip: number;
}

/** Ours that are started cold: the engine, and the engine with all that `train` takes. */
export const OWN_COLD = ['basin', 'basin-train'] as const;
export type OwnCold = (typeof OWN_COLD)[number];

/** Where implementations are timed. */
export interface BenchDriver {
  runtime: 'browser' | 'node';
  /** Browser or Node, with its version. */
  version: string;
  worker(): Promise<BenchWorker>;
  /** Where a worker finds a peer's adapter. */
  peerUrl(key: string): string;
  /** Where it finds ours, each bundled alone. */
  ownUrl(key: OwnCold): string;
  /** What workers have loaded so far, beside the runner and its page: file by file. Undefined where nothing is fetched. */
  fetched(): readonly Fetched[] | undefined;
  close(): Promise<void>;
}
