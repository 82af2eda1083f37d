import type { Catalogue } from '../../bench/catalogue.ts';
import type { KernelsSpec } from '../../bench/kernelsReport.ts';
import type { KernelEdit } from '../../build/kernelEdit.ts';
import { WorkerSession } from '../workerSession.ts';
import { replaceText } from './kernelTexts.ts';
import { LiveRun } from './liveRun.ts';

/** What a user asks for. */
export type Wanted = Pick<KernelsSpec, 'quick' | 'families'>;

/** The bench page's session: what can be timed, what has been, and kernels that were written meanwhile. */
export class BenchSession extends WorkerSession {
  /** What can be asked for; undefined until the worker has told. */
  catalogue: Catalogue | undefined;
  progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  live: LiveRun | undefined;
  /** What is wrong with files as they were last written, by kernel. */
  readonly refusedEdits = new Map<string, string>();
  /** Counts edits: what shows a kernel's text looks again. */
  edits = 0;

  /** Kernels that were written while a job ran. */
  readonly #edited = new Set<string>();

  protected override async opened(): Promise<void> {
    this.catalogue = await this.ask(({ remote }) => remote.kernelCatalogue());
    this.changed();
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

  /** A `.wgsl` file was written: checks and times anew the rows that run it. */
  async kernelEdited({ name, text, error }: KernelEdit): Promise<void> {
    this.edits++;
    if (error !== undefined) {
      this.refusedEdits.set(name, error);
      this.say(`${name} was written, but cannot be read: ${error}`);
      return;
    }
    this.refusedEdits.delete(name);
    if (text) replaceText(text);
    this.#edited.add(name);
    this.changed();
    if (this.state === 'idle') await this.#runEdited();
  }

  async #runEdited(): Promise<void> {
    const names = new Set(this.#edited);
    this.#edited.clear();
    if (names.size === 0) return;
    // The worker's modules hold the file as it was.
    this.endWorker();
    const ids = this.live?.idsOf(names) ?? [];
    if (ids.length === 0) this.say(`${[...names].join(', ')} was written; no row here runs it`);
    else await this.runRows(ids);
  }

  async #run(spec: KernelsSpec, live: LiveRun): Promise<void> {
    this.progress = undefined;
    await this.runJob(
      { job: 'benchKernels', ...spec },
      {
        started: 'Run started',
        failed: 'The run failed',
        ended: ({ stopped }) => ending(live, stopped),
        take: (event) => {
          live.take(event);
          if (event.type === 'progress') this.progress = event;
        },
      },
    );
    await this.#runEdited();
  }
}

function ending({ rows }: LiveRun, stopped: boolean): string {
  const timed = rows.filter(({ time }) => time).length;
  const wrong = rows.filter((row) => row.wrong).length;
  const bad = wrong > 0 ? `, ${wrong} of them wrong` : '';
  return `${stopped ? 'Stopped' : 'Finished'}: ${timed} of ${rows.length} rows timed${bad}`;
}
