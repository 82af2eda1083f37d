import type { Catalogue } from '../../bench/catalogue.ts';
import type { WantedTarget } from '../../bench/edit/editTarget.ts';
import type {
  EditedText,
  EditPlace,
  EditTarget,
  KernelEditResult,
  KernelEditSpec,
} from '../../bench/edit/kernelEditReport.ts';
import type { Ceilings, KernelsSpec } from '../../bench/kernelsReport.ts';
import type { KernelEdit } from '../../build/kernelEdit.ts';
import { WorkerSession } from '../workerSession.ts';
import { type EditAnswer, outcomeTitle } from './editor/editAnswer.ts';
import { replaceText } from './kernelTexts.ts';
import { LiveRun } from './liveRun.ts';

/** What a user asks for. */
export type Wanted = Pick<KernelsSpec, 'quick' | 'families'>;

/** Milliseconds without a word from the worker after which an edited kernel is taken to hang. */
const PATIENCE = 60_000;

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
  /** What came of the text that was checked last. */
  answer: EditAnswer | undefined;

  /** Kernels that were written while a job ran. */
  readonly #edited = new Set<string>();
  /** By place, the text that was right when it was last checked. */
  readonly #right = new Map<string, EditedText>();
  #ceilings: Ceilings | undefined;

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

  /** What is known of a kernel that is to be edited. @throws with why it cannot be here */
  kernelToEdit(wanted: Omit<WantedTarget, 'peak'>): Promise<EditTarget> {
    const peak = this.#ceilings?.fmaPeak.median;
    return this.ask(({ remote }) => remote.kernelToEdit({ ...wanted, peak }));
  }

  /** Checks and times a text beside the last right one of its place and the shipped kernel; what comes of it is in `answer`. */
  async checkText(spec: Omit<KernelEditSpec, 'last' | 'ceilings'>): Promise<void> {
    if (this.state !== 'idle') return;
    const { row, kernel, text, grid } = spec;
    this.answer = undefined;
    this.progress = undefined;
    let heard = performance.now();
    let hung: string | undefined;
    const watch = setInterval(() => {
      if (performance.now() - heard < PATIENCE || hung !== undefined) return;
      hung = `The kernel did not answer for ${PATIENCE / 1000} s while it was at “${this.phase}”. Its worker was ended; if nothing runs any more, its loop still has the GPU: close this page's tab, or the browser.`;
      // Asked to stop a second time, a session ends its worker.
      void this.stop();
      if (this.state === 'stopping') void this.stop();
    }, 1000);
    let result: KernelEditResult | undefined;
    await this.runJob(
      { job: 'editKernel', ...spec, last: this.lastRight(spec), ceilings: this.#ceilings },
      {
        started: 'Checking the kernel',
        failed: 'The kernel could not be checked',
        ended: ({ stopped }) =>
          stopped && !hung ? 'Stopped' : `Checked: ${outcomeTitle({ result, hung }).toLowerCase()}`,
        take: (event) => {
          heard = performance.now();
          if (event.type === 'progress') this.progress = event;
          if (event.type === 'phase') this.progress = undefined;
          if (event.type === 'result') result = event.result as KernelEditResult;
        },
      },
    );
    clearInterval(watch);
    this.progress = undefined;
    this.#ceilings = result?.ceilings ?? this.#ceilings;
    if (result?.outcome === 'timed') this.#right.set(placeKey(spec), { text, grid });
    if (result || hung !== undefined) this.answer = { of: { row, kernel, text, grid }, result, hung };
    this.changed();
  }

  /** The text of a place that was right when it was last checked. */
  lastRight(place: EditPlace): EditedText | undefined {
    return this.#right.get(placeKey(place));
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
    this.#ceilings = live.ceilings ?? this.#ceilings;
    // A bar that is full, or none.
    const progress = this.progress as BenchSession['progress'];
    this.progress = live.report && progress ? { ...progress, done: progress.total } : undefined;
    this.changed();
    await this.#runEdited();
  }
}

function placeKey({ row, kernel }: EditPlace): string {
  return `${row} ${kernel}`;
}

function ending({ rows }: LiveRun, stopped: boolean): string {
  const timed = rows.filter(({ time }) => time).length;
  const wrong = rows.filter((row) => row.wrong).length;
  const bad = wrong > 0 ? `, ${wrong} of them wrong` : '';
  return `${stopped ? 'Stopped' : 'Finished'}: ${timed} of ${rows.length} rows timed${bad}`;
}
