import { proxy } from 'comlink';
import type { Catalogue } from '../../bench/catalogue.ts';
import type { KernelsSpec } from '../../bench/kernelsReport.ts';
import type { KernelEdit } from '../../build/kernelEdit.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import { currentRuntime, NoAdapterError } from '../../gpu/noAdapter.ts';
import type { JobEvent } from '../../jobs/job.ts';
import { openWorker, type WorkerLine } from '../worker.ts';
import { replaceSource } from './kernelSources.ts';
import { LiveRun } from './liveRun.ts';

/** What a user asks for. */
export type Wanted = Pick<KernelsSpec, 'quick' | 'families'>;

/** The bench page's line to its worker: what runs, what has come, what went wrong. */
export class BenchSession {
  state: 'idle' | 'running' | 'stopping' = 'idle';
  phase = '';
  /** One sentence for those who cannot watch, at changes only. */
  announcement = '';
  adapter: AdapterInfo | undefined;
  adapterError: string | undefined;
  /** What can be asked for; undefined until the worker has told. */
  catalogue: Catalogue | undefined;
  /** What ended the last job. */
  error: string | undefined;
  progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  live: LiveRun | undefined;
  /** What is wrong with files as they were last written, by kernel. */
  readonly refusedEdits = new Map<string, string>();
  /** Counts edits: what shows a kernel's text looks again. */
  edits = 0;

  #worker: WorkerLine | undefined;
  #abandon: (() => void) | undefined;
  /** Kernels that were written while a job ran. */
  readonly #edited = new Set<string>();
  readonly #listeners = new Set<() => void>();

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
      this.catalogue = await Promise.race([remote.kernelCatalogue(), failed]);
      this.#changed();
    } catch (error) {
      this.adapter = undefined;
      this.adapterError = (error as Error).message;
      this.#say('No WebGPU adapter');
    }
  }

  /** Measures the ceilings, then all that is asked for; errors end up in `error`. */
  async start(wanted: Wanted): Promise<void> {
    if (this.state !== 'idle') return;
    this.live = new LiveRun(wanted.quick ?? false);
    await this.#run({ ...wanted, commit: __BASIN_COMMIT__ }, this.live);
  }

  /** Runs some rows again, or for the first time, into the run that is shown. */
  async runRows(ids: readonly string[], quick = false): Promise<void> {
    if (ids.length > 0) await this.#runPart({ only: ids }, quick);
  }

  /** Times a product by tile sizes, into the run that is shown. */
  async runTiles(quick: boolean): Promise<void> {
    // A run has rows at least: those of the same kernel, for comparison.
    await this.#runPart({ only: ['matmul ladder 4 '], heatMap: true }, quick);
  }

  async #runPart(spec: KernelsSpec, quick: boolean): Promise<void> {
    if (this.state !== 'idle') return;
    if (this.live) this.live.runAgain();
    else this.live = new LiveRun(quick);
    await this.#run({ ...spec, quick: this.live.quick, commit: __BASIN_COMMIT__ }, this.live);
  }

  /** Asks the job to end with the rounds that are done; asked a second time, ends its worker. */
  async stop(): Promise<void> {
    if (this.state === 'running') {
      this.state = 'stopping';
      this.#say('Stopping');
      await this.#worker?.remote.stop();
    } else if (this.state === 'stopping') {
      this.#endWorker();
      this.#abandon?.();
    }
  }

  /** A `.wgsl` file was written: checks and times anew the rows that run it. */
  async kernelEdited({ name, source, error }: KernelEdit): Promise<void> {
    this.edits++;
    if (error !== undefined) {
      this.refusedEdits.set(name, error);
      this.#say(`${name} was written, but cannot be read: ${error}`);
      return;
    }
    this.refusedEdits.delete(name);
    if (source) replaceSource(source);
    this.#edited.add(name);
    this.#changed();
    if (this.state === 'idle') await this.#runEdited();
  }

  async #runEdited(): Promise<void> {
    const names = new Set(this.#edited);
    this.#edited.clear();
    if (names.size === 0) return;
    // The worker's modules hold the file as it was.
    this.#endWorker();
    const ids = this.live?.idsOf(names) ?? [];
    if (ids.length === 0) this.#say(`${[...names].join(', ')} was written; no row here runs it`);
    else await this.runRows(ids);
  }

  async #run(spec: KernelsSpec, live: LiveRun): Promise<void> {
    this.error = undefined;
    this.progress = undefined;
    this.state = 'running';
    this.phase = 'starting';
    this.#say('Run started');
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
        if (!abandoned) this.#take(event, live);
      });
      await Promise.race([
        remote.run({ job: 'benchKernels', ...spec }, document.baseURI, onEvent),
        failed,
        atOnce,
      ]);
      const timed = live.rows.filter(({ time }) => time).length;
      const wrong = live.rows.filter((row) => row.wrong).length;
      const bad = wrong > 0 ? `, ${wrong} of them wrong` : '';
      const ended = (this.state as string) === 'stopping' ? 'Stopped' : 'Finished';
      this.#say(`${ended}: ${timed} of ${live.rows.length} rows timed${bad}`);
    } catch (error) {
      this.error = (error as Error).message || (error as Error).name;
      this.#say('The run failed');
    } finally {
      this.#abandon = undefined;
      this.state = 'idle';
      this.phase = '';
      this.#changed();
    }
    await this.#runEdited();
  }

  #open(): WorkerLine {
    this.#worker ??= openWorker(() => {
      this.#worker = undefined;
    });
    return this.#worker;
  }

  #endWorker(): void {
    this.#worker?.end();
    this.#worker = undefined;
  }

  #take(event: JobEvent, live: LiveRun): void {
    live.take(event);
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
