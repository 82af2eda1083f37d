import { constants } from 'node:os';

/** What ends a process that someone interrupts, whose terminal closes, or that is asked to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

/** Milliseconds that work may take before the process ends without it. */
const PATIENCE = 5000;

const pending = new Set<(signal: Signal) => unknown>();
let ending = false;

/** Whether a signal is ending this process: it exits by itself. */
export function isEndingBySignal(): boolean {
  return ending;
}

/**
 * Does some work before a signal ends this process, which then exits with 128 and the signal's number, as shells have it;
 * a second signal ends it at once. While there is no such work, signals do what the system has them do.
 * @returns takes the work back
 */
export function beforeSignal(work: (signal: Signal) => unknown): () => void {
  if (pending.size === 0) for (const signal of SIGNALS) process.on(signal, end);
  pending.add(work);
  return () => {
    if (!pending.delete(work) || pending.size > 0 || ending) return;
    for (const signal of SIGNALS) process.off(signal, end);
  };
}

async function end(signal: Signal): Promise<void> {
  const code = 128 + constants.signals[signal];
  if (ending) return process.exit(code);
  ending = true;
  const works = [...pending].map(async (work) => work(signal));
  await Promise.race([Promise.allSettled(works), new Promise((done) => setTimeout(done, PATIENCE))]);
  process.exit(code);
}
