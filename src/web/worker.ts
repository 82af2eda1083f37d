import { type Remote, wrap } from 'comlink';
import type { JobWorker } from '../jobs/jobWorker.ts';

/** A page's line to the worker that computes for it. */
export interface WorkerLine {
  readonly remote: Remote<JobWorker>;
  /** Rejects when the worker fails outside of a job: its script cannot be loaded, say. */
  readonly failed: Promise<never>;
  /** Ends the worker, whatever it does. */
  end(): void;
}

/** Starts a worker. @param onFailure is called before `failed` rejects. */
export function openWorker(onFailure: () => void): WorkerLine {
  const worker = new Worker(new URL('../jobs/jobWorker.ts', import.meta.url), {
    type: 'module',
    name: 'basin job',
  });
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      onFailure();
      reject(new Error(`the worker failed: ${event.message || 'its script cannot be loaded'}`));
    });
  });
  failed.catch(() => {});
  return { remote: wrap<JobWorker>(worker), failed, end: () => worker.terminate() };
}
