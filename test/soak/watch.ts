/** What is held by what a soak drives; bytes, but for the handles. */
export interface Held {
  readonly rss: number;
  /** Of JavaScript's objects and arrays, after a collection. */
  readonly heap: number;
  /** Open files, pipes and sockets. */
  readonly handles: number;
  /** Of buffers that nobody destroyed although their work is over. */
  readonly buffers: number;
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

export function show({ rss, heap, handles, buffers }: Held): string {
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return `RSS ${mib(rss)} MiB, heap ${mib(heap)} MiB, ${handles} handles, ${buffers} bytes of buffers left`;
}
