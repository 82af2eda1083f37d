import { proxy } from 'comlink';
import type { AdapterInfo } from '../gpu/device.ts';
import { currentRuntime, NoAdapterError } from '../gpu/noAdapter.ts';
import type { JobEvent } from '../jobs/job.ts';
import { Recording } from './recording.ts';
import type { PlannedRun } from './settings.ts';
import { openWorker, type WorkerLine } from './worker.ts';

export type SessionState = 'idle' | 'running' | 'paused' | 'stopping';

export interface SessionProgress {
  done: number;
  total: number;
  unit: string;
  /** A second, over the last few seconds; undefined until it can be told. */
  rate: number | undefined;
}

/** Seconds over which the rate is taken. */
const RATE_WINDOW = 5;

/** The page's one line to its worker: what runs, how far it is, what went wrong. */
export class Session {
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
  progress: SessionProgress | undefined;
  recording: Recording | undefined;

  #worker: WorkerLine | undefined;
  readonly #listeners = new Set<() => void>();
  #marks: { at: number; done: number }[] = [];
  /** Ends the wait for the run under way when the user will not wait for its end. */
  #abandon: (() => void) | undefined;

  /** Calls `listener` after each change. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the device ahead of the first job, so that the page can say what it will compute on. */
  async findAdapter(): Promise<void> {
    this.adapterError = undefined;
    this.#say('Looking for a WebGPU adapter');
    try {
      if (!navigator.gpu) throw new NoAdapterError(currentRuntime(), 'This browser has no WebGPU');
      const { remote, failed } = this.#open();
      this.adapter = await Promise.race([remote.adapter(), failed]);
      this.#say('Ready');
    } catch (error) {
      this.adapter = undefined;
      this.adapterError = (error as Error).message;
      this.#say('No WebGPU adapter');
    }
  }

  /** Runs a job to its end; errors end up in `error`. */
  async start(run: PlannedRun): Promise<void> {
    const recording = new Recording(run);
    this.recording = recording;
    this.error = undefined;
    this.progress = undefined;
    this.#marks = [];
    this.state = 'running';
    this.phase = 'starting';
    this.#say('Run started');
    try {
      const { remote, failed } = this.#open();
      let abandoned = false;
      const abandon = new Promise<void>((resolve) => {
        this.#abandon = () => {
          abandoned = true;
          resolve();
        };
      });
      const onEvent = proxy((event: JobEvent) => this.#take(event));
      await Promise.race([remote.run(run.spec, document.baseURI, onEvent), failed, abandon]);
      const stopped = (this.state as SessionState) === 'stopping';
      this.#say(ending(recording, { stopped, abandoned }));
    } catch (error) {
      this.error = failure(error as Error, recording);
      this.#say('The run failed');
    } finally {
      this.#abandon = undefined;
      this.state = 'idle';
      this.phase = '';
      this.#changed();
    }
  }

  async pause(): Promise<void> {
    if (this.state !== 'running') return;
    this.state = 'paused';
    this.#say(pausedAt(this.recording));
    await this.#worker?.remote.pause();
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    this.state = 'running';
    this.#marks = [];
    this.#say('Resumed');
    await this.#worker?.remote.resume();
  }

  /** Asks the job to end; asked a second time, ends its worker. */
  async stop(): Promise<void> {
    if (this.state === 'idle') return;
    if (this.state === 'stopping') {
      this.#worker?.end();
      this.#worker = undefined;
      this.#abandon?.();
      return;
    }
    this.state = 'stopping';
    this.#say('Stopping');
    await this.#worker?.remote.stop();
  }

  async setLearningRate(learningRate: number, replica?: number): Promise<void> {
    const whose = replica === undefined ? '' : ` of ${this.recording?.replicas[replica]}`;
    this.#say(`Learning rate${whose} set to ${learningRate}, from the next step on`);
    await this.#worker?.remote.setLearningRate(learningRate, replica);
  }

  #open(): WorkerLine {
    this.#worker ??= openWorker(() => {
      this.#worker = undefined;
    });
    return this.#worker;
  }

  #take(event: JobEvent): void {
    this.recording?.take(event);
    if (event.type === 'adapter') this.adapter = event.adapter;
    else if (event.type === 'phase') {
      this.phase = event.phase;
      this.#marks = [];
    } else if (event.type === 'progress') this.#measureRate(event.done, event.total, event.unit);
    else if (event.type === 'diverged') {
      this.announcement = `${this.recording?.replicas[event.replica]} diverged at step ${event.step}: ${event.reason}`;
    } else if (event.type === 'readings' && this.state === 'paused') {
      // What was under way when the button was pressed.
      this.announcement = pausedAt(this.recording);
    }
    this.#changed();
  }

  #measureRate(done: number, total: number, unit: string): void {
    const at = performance.now() / 1000;
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) > RATE_WINDOW) this.#marks.shift();
    const first = this.#marks[0] as { at: number; done: number };
    const rate = at - first.at > 0.2 ? (done - first.done) / (at - first.at) : undefined;
    this.progress = { done, total, unit, rate };
  }

  #say(sentence: string): void {
    this.announcement = sentence;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function pausedAt(recording: Recording | undefined): string {
  return `Paused at step ${recording?.lastStep ?? 0}`;
}

/** How a run ended that gave no error. */
function ending(
  { replicas, diverged, lastStep }: Recording,
  { stopped, abandoned }: { readonly stopped: boolean; readonly abandoned: boolean },
): string {
  if (abandoned) return `Stopped at once after step ${lastStep}: the last evaluation was not made`;
  const steps = [...diverged.values()].map(({ step }) => step);
  if (steps.length === replicas.length) {
    const whose = replicas.length > 1 ? `All ${replicas.length} replicas diverged, the last` : 'Diverged';
    return `${whose} at step ${Math.max(...steps)}`;
  }
  const lost = steps.length > 0 ? `; ${steps.length} of ${replicas.length} replicas diverged` : '';
  return `${stopped ? 'Stopped' : 'Finished'} after step ${lastStep}${lost}`;
}

function failure(error: Error, { lastStep }: Recording): string {
  const message = error.message || error.name;
  // The job says so itself, unless the device went before its first step.
  if (error.name !== 'DeviceLostError' || /last step read/.test(message)) return message;
  return `${message}\nThe last step read was ${lastStep}. Starting again opens the device anew.`;
}
