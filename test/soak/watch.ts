import { readdirSync } from 'node:fs';

/** What a process holds. */
export interface Held {
  /** Bytes. */
  readonly rss: number;
  /** Bytes of JavaScript's objects and arrays, after a collection. */
  readonly heap: number;
  /** Open files, pipes and sockets. */
  readonly handles: number;
  /** Bytes of buffers that were never destroyed, of devices that are gone by now. */
  readonly buffers: number;
}

/** What this process holds now. */
export function heldNow(buffers: number): Held {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const handles = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return { rss, heap: heapUsed + arrayBuffers, handles, buffers };
}

/** Of memory so much may come and go. */
const SHARE = 0.02;
/** Bytes that a collector leaves lying about, whatever the share. */
const SLACK: Held = { rss: 2 ** 23, heap: 2 ** 20, handles: 0, buffers: 0 };

/** What has grown beyond what may come and go, in words. */
export function grown(before: Held, after: Held): string[] {
  return (Object.keys(SLACK) as (keyof Held)[]).flatMap((what) => {
    const most = Math.max(before[what] * (1 + SHARE), before[what] + SLACK[what]);
    return after[what] > most ? [`${what}: ${before[what]}, then ${after[what]}`] : [];
  });
}
