import { proxy } from 'comlink';
import type { AdapterInfo } from '../gpu/device.ts';
import { currentRuntime, noAdapter } from '../gpu/noAdapter.ts';
import type { JobSpec } from '../jobs/job.ts';
import type { AskedChange, PageEvent, PageFiles, PageNews, PageSnapshot } from '../jobs/jobWorker.ts';
import { openWorker, type WorkerLine } from './worker.ts';

export type SessionState = 'idle' | 'running' | 'paused' | 'stopping';

/** A job, and what is set of it before its first step. */
export interface AskedJob {
  readonly spec: JobSpec;
  readonly changes?: readonly AskedChange[];
}

/** What is said of a job at its ends, and what becomes of its events. */
export interface JobWords {
  readonly started: string;
  readonly failed: string;
  /** A sentence for a job that gave no error, by how it ended. */
  ended(how: { readonly stopped: boolean; readonly abandoned: boolean }): string;
  /** What is shown of an error. */
  failure?(error: Error): string;
  /** What goes on in the place of a job that an error ended; null where it is the end. */
  again?(error: Error): Promise<AskedJob | null>;
  /** @param job counted from 0, of several that follow one another */
  take(event: PageNews, job: number): void;
  /** Takes a snapshot of a run that asks for some. */
  keep?(snapshot: PageSnapshot): void;
}

/** A page's one line to its worker: what runs, how far it is, what went wrong. */
export abstract class WorkerSession {
  state: SessionState = 'idle';
  /** What the job is doing, in its own words. */
  phase = '';
  /** One sentence for those who cannot watch, at changes only. */
  announcement = '';
  adapter: AdapterInfo | undefined;
  /** Why there is no adapter, and what to do. */
  adapterError: string | undefined;
  /** What ended the last job. */
  error: string | undefined;

  #worker: WorkerLine | undefined;
  readonly #listeners = new Set<() => void>();
  /** Ends the wait for the job under way when the user will not wait for its end. */
  #abandon: (() => void) | undefined;

  /** Calls `listener` after each change. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the device ahead of the first job, so that the page can say what it will compute on. */
  async findAdapter(): Promise<void> {
    this.adapterError = undefined;
    this.say('Looking for a WebGPU adapter');
    try {
      await this.prepare();
      if (!navigator.gpu) throw await noAdapter(currentRuntime(), 'This browser has no WebGPU');
      this.adapter = await this.ask(({ remote }) => remote.adapter());
      this.say('Ready');
      await this.opened();
    } catch (error) {
      this.adapter = undefined;
      this.adapterError = (error as Error).message;
      this.say('No WebGPU adapter');
    }
  }

  /** What a page asks its worker for before it has a device, and then. */
  protected async prepare(): Promise<void> {}
  protected async opened(): Promise<void> {}

  async pause(): Promise<void> {
    if (this.state !== 'running') return;
    this.state = 'paused';
    this.say(this.pausedText);
    await this.#worker?.remote.pause();
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    this.state = 'running';
    this.say('Resumed');
    await this.#worker?.remote.resume();
  }

  /** Asks the job to end; asked a second time, ends its worker. */
  async stop(): Promise<void> {
    if (this.state === 'idle') return;
    if (this.state === 'stopping') {
      this.endWorker();
      this.#abandon?.();
      return;
    }
    this.state = 'stopping';
    this.say('Stopping');
    await this.#worker?.remote.stop();
  }

  protected get pausedText(): string {
    return 'Paused';
  }

  /** Runs a job to its end; errors end up in `error`. */
  protected runJob(spec: JobSpec, words: JobWords): Promise<void> {
    return this.runJobs([spec], words);
  }

  /**
   * Runs jobs one after another to their end, none after one that failed or was stopped; errors end up in `error`.
   * @param changes what is set of each before its first step
   */
  protected async runJobs(
    specs: readonly JobSpec[],
    words: JobWords,
    changes: readonly AskedChange[] = [],
  ): Promise<void> {
    this.error = undefined;
    this.state = 'running';
    this.phase = 'starting';
    this.say(words.started);
    let abandoned = false;
    const atOnce = new Promise<void>((resolve) => {
      this.#abandon = () => {
        abandoned = true;
        resolve();
      };
    });
    const taking = (job: number) =>
      proxy((event: PageEvent) => {
        if (abandoned) return;
        if (event.type === 'adapter') this.adapter = event.adapter;
        else if (event.type === 'phase') this.phase = event.phase;
        if (event.type === 'snapshot') words.keep?.(event);
        else words.take(event, job);
        this.changed();
      });
    const isStopped = (): boolean => (this.state as SessionState) === 'stopping';
    const run = ({ spec, changes }: AskedJob, job: number): Promise<void> =>
      this.ask(({ remote }) =>
        Promise.race([remote.run(spec, document.baseURI, taking(job), this.files, changes ?? []), atOnce]),
      );
    try {
      for (const [place, spec] of specs.entries()) {
        for (let job: AskedJob | null = isStopped() ? null : { spec, changes }; job; ) {
          try {
            await run(job, place);
            job = null;
          } catch (error) {
            job = isStopped() ? null : ((await words.again?.(error as Error)) ?? null);
            if (!job) throw error;
          }
        }
      }
      const stopped = isStopped();
      this.say(words.ended({ stopped, abandoned }));
    } catch (error) {
      const { message, name } = error as Error;
      this.error = words.failure?.(error as Error) ?? (message || name);
      this.say(words.failed);
    } finally {
      this.#abandon = undefined;
      this.state = 'idle';
      this.phase = '';
      this.changed();
    }
  }

  /** What the page was given: a job finds these files by their names. */
  protected get files(): PageFiles {
    return {};
  }

  /** Asks the worker, which is opened if need be; rejects where it ends meanwhile. */
  protected ask<T>(question: (line: WorkerLine) => Promise<T>): Promise<T> {
    this.#worker ??= openWorker(() => {
      this.#worker = undefined;
    });
    return Promise.race([question(this.#worker), this.#worker.failed]);
  }

  /** The worker, if there is one. */
  protected get worker(): WorkerLine | undefined {
    return this.#worker;
  }

  protected endWorker(): void {
    this.#worker?.end();
    this.#worker = undefined;
  }

  protected say(sentence: string): void {
    this.announcement = sentence;
    this.changed();
  }

  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
