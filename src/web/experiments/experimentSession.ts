import { proxy } from 'comlink';
import type { ExperimentRecord } from '../../experiments/experiment.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import { currentRuntime, NoAdapterError } from '../../gpu/noAdapter.ts';
import type { ExperimentSpec } from '../../jobs/experimentJob.ts';
import type { JobEvent } from '../../jobs/job.ts';
import { openWorker, type WorkerLine } from '../worker.ts';
import { ExperimentRun } from './experimentRun.ts';

/** The experiment page's line to its worker: what runs, what has come, what went wrong. */
export class ExperimentSession {
  state: 'idle' | 'running' | 'paused' | 'stopping' = 'idle';
  phase = '';
  /** One sentence for those who cannot watch, at changes only. */
  announcement = '';
  adapter: AdapterInfo | undefined;
  adapterError: string | undefined;
  /** The experiments there are; undefined until the worker has told. */
  records: readonly ExperimentRecord[] | undefined;
  /** What ended the last job. */
  error: string | undefined;
  progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  run: ExperimentRun | undefined;

  #worker: WorkerLine | undefined;
  #abandon: (() => void) | undefined;
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for the experiments, and opens the device ahead of the first job. */
  async findAdapter(): Promise<void> {
    this.adapterError = undefined;
    this.#say('Looking for a WebGPU adapter');
    try {
      const { remote, failed } = this.#open();
      this.records = await Promise.race([remote.experimentRecords(), failed]);
      this.#changed();
      if (!navigator.gpu) throw new NoAdapterError(currentRuntime(), 'This browser has no WebGPU');
      this.adapter = await Promise.race([remote.adapter(), failed]);
      this.#say('Ready');
    } catch (error) {
      this.adapter = undefined;
      this.adapterError = (error as Error).message;
      this.#say('No WebGPU adapter');
    }
  }

  /** Runs an experiment to its end; errors end up in `error`. */
  async start(
    record: ExperimentRecord,
    wanted: Pick<ExperimentSpec, 'protocol'> & { preset: string },
  ): Promise<void> {
    if (this.state !== 'idle') return;
    const run = new ExperimentRun(record, wanted.preset);
    this.run = run;
    this.error = undefined;
    this.progress = undefined;
    this.state = 'running';
    this.phase = 'starting';
    this.#say('Experiment started');
    let abandoned = false;
    try {
      const { remote, failed } = this.#open();
      const atOnce = new Promise<void>((resolve) => {
        this.#abandon = () => {
          abandoned = true;
          resolve();
        };
      });
      const onEvent = proxy((event: JobEvent) => {
        if (!abandoned) this.#take(event, run);
      });
      const spec = { job: 'experiment' as const, id: record.id, ...wanted };
      await Promise.race([remote.run(spec, document.baseURI, onEvent), failed, atOnce]);
      this.#say(ending(run));
    } catch (error) {
      this.error = (error as Error).message || (error as Error).name;
      this.#say('The experiment failed');
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
    this.#say('Paused');
    await this.#worker?.remote.pause();
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    this.state = 'running';
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

  #open(): WorkerLine {
    this.#worker ??= openWorker(() => {
      this.#worker = undefined;
    });
    return this.#worker;
  }

  #take(event: JobEvent, run: ExperimentRun): void {
    run.take(event);
    if (event.type === 'adapter') this.adapter = event.adapter;
    else if (event.type === 'phase') this.phase = event.phase;
    else if (event.type === 'progress') this.progress = event;
    this.#changed();
  }

  #say(sentence: string): void {
    this.announcement = sentence;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function ending({ result, cells }: ExperimentRun): string {
  if (result?.outcome) return `Finished: ${result.outcome.verdict}`;
  const done = cells ? `${cells.done} of ${cells.total} cells` : 'the first cell';
  return `Stopped ${cells ? 'after' : 'before'} ${done}${cells ? '' : ' was done'}`;
}
