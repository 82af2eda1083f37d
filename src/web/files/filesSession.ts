import type { JobEvent } from '../../jobs/job.ts';
import type { PageFiles } from '../../jobs/jobWorker.ts';
import type { RunRecord } from '../runs/runRecord.ts';
import type { RunStore } from '../runs/runStore.ts';
import { changeUrlState, readUrlState } from '../urlState.ts';
import { WorkerSession } from '../workerSession.ts';
import { EXAMPLE_MODEL, EXAMPLE_RUNS } from './exampleRun.ts';
import { type GivenFile, type GivenWeights, givenFile } from './givenFile.ts';

/** The session of a page that is given files, and whose jobs find them by their names. */
export abstract class FilesSession extends WorkerSession {
  given: readonly GivenFile[] = [];
  progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;

  /** What the last job inferred from the files. */
  notes: readonly string[] = [];

  /** Runs that this browser keeps with their final weights; undefined until they are listed. */
  keptRuns: readonly RunRecord[] | undefined;
  #store: RunStore | undefined;
  /** Until the runs that were asked for last are taken. */
  #taking: Promise<void> = Promise.resolve();

  /** All weights that there are. */
  get weights(): readonly GivenWeights[] {
    return this.given.flatMap((file) => (file.is === 'weights' ? file.weights : []));
  }

  /** Names of results whose kernels can be taken again. */
  get results(): readonly string[] {
    return this.given.flatMap(({ is, name }) => (is === 'result' ? [name] : []));
  }

  /** The name of the model, of the last one where several were given. */
  get model(): string | undefined {
    return this.given.findLast(({ is }) => is === 'model')?.name;
  }

  protected override get files(): PageFiles {
    return Object.fromEntries(this.given.map(({ name, blob }) => [name, blob]));
  }

  /**
   * Takes files; one of a name that is there takes its place. A file that is refused ends up in `error`, and none is taken.
   * @param from the page itself, or a kept run
   */
  async take(files: readonly File[], from: Pick<GivenFile, 'made' | 'run'> = {}): Promise<boolean> {
    this.error = undefined;
    try {
      const taken = (await Promise.all(files.map(givenFile))).map((file) => ({ ...file, ...from }));
      const names = new Set(taken.map(({ name }) => name));
      this.given = [...this.given.filter(({ name }) => !names.has(name)), ...taken];
      this.say(`${taken.length} ${taken.length === 1 ? 'file' : 'files'} taken`);
      return true;
    } catch (error) {
      this.error = (error as Error).message;
      this.say('A file was refused');
      return false;
    }
  }

  /** Removes a file; one of a kept run with the others of that run. */
  remove(name: string): void {
    const run = this.given.find((file) => file.name === name)?.run;
    this.given = this.given.filter((file) => file.name !== name && (run === undefined || file.run !== run));
    if (run !== undefined) {
      const left = this.given.flatMap((file) => (file.is === 'weights' && file.run ? [file.run] : []));
      changeUrlState({ values: { runs: left.length > 0 ? left.join(',') : undefined } });
    }
    this.say(`${name} removed`);
  }

  /** Finds out which runs there are to take weights of. */
  async listRuns(): Promise<void> {
    if (this.keptRuns) return;
    const { openRunStore } = await import('../runs/openRunStore.ts');
    const { store } = await openRunStore();
    this.#store = store;
    const read = async (): Promise<void> => {
      this.keptRuns = (await store?.list())?.filter(({ status }) => status === 'finished') ?? [];
      this.changed();
    };
    store?.subscribe(() => void read());
    await read();
  }

  /** Takes the files of these runs, and of no others; what cannot be taken ends up in `error`. */
  takeRuns(ids: readonly string[]): Promise<void> {
    this.#taking = this.#taking.then(() => this.#takeRuns(ids));
    return this.#taking;
  }

  async #takeRuns(ids: readonly string[]): Promise<void> {
    const kept = this.given.filter(({ run }) => run === undefined || ids.includes(run));
    if (kept.length < this.given.length) {
      this.given = kept;
      this.changed();
    }
    for (const id of ids) {
      if (this.given.some(({ run }) => run === id)) continue;
      try {
        const record = this.keptRuns?.find((run) => run.id === id);
        if (!record || !this.#store)
          throw new Error(
            `${id}: this browser keeps no finished run of this name, expected one of the page Runs`,
          );
        const { runFiles } = await import('./runFiles.ts');
        const { files, data } = await runFiles(this.#store, record);
        if (!(await this.take(files, { run: id }))) continue;
        const isGiven = this.given.some(({ is }) => is === 'data');
        if (!isGiven && readUrlState().values.data === undefined) changeUrlState({ values: { data } });
      } catch (error) {
        this.error = (error as Error).message;
        this.say('A run was refused');
      }
    }
  }

  /** Trains three small networks, so that there is something to look at. @returns whether it was not stopped, and did not fail */
  async makeExample(): Promise<boolean> {
    if (this.state !== 'idle') return false;
    const trained: File[] = [];
    this.progress = undefined;
    await this.runJobs(
      EXAMPLE_RUNS.map(({ spec }) => spec),
      {
        started: 'Training three small networks',
        failed: 'The training failed',
        ended: ({ stopped }) => (stopped ? 'Stopped: there is no example' : 'Trained three small networks'),
        take: (event, run) => {
          if (event.type !== 'result') return;
          trained.push(new File([event.tensors as BlobPart], EXAMPLE_RUNS[run]!.file));
          this.progress = { done: run + 1, total: EXAMPLE_RUNS.length, unit: 'runs' };
        },
      },
    );
    if (trained.length < EXAMPLE_RUNS.length) return false;
    const model = new File([JSON.stringify(EXAMPLE_MODEL, null, 1)], 'example.json');
    // The solutions first: they are what a form chooses.
    return this.take([model, ...trained.splice(-1), ...trained], { made: true });
  }

  /** What a job tells of its way: how far it is, and what it inferred. */
  protected follow(event: JobEvent): void {
    if (event.type === 'progress') this.progress = event;
    else if (event.type === 'search') {
      const { converged, wanted, products } = event;
      this.progress = { done: converged, total: wanted, unit: `eigenvalues, ${products} products` };
    } else if (event.type === 'phase') this.progress = undefined;
    else if (event.type === 'note') this.notes = [...new Set([...this.notes, event.text])];
  }
}
