import type { ExperimentRecord } from '../../experiments/experiment.ts';
import type { ExperimentPlan } from '../../experiments/planExperiment.ts';
import type { JobEvent } from '../../jobs/job.ts';
import type { PageFiles } from '../../jobs/jobWorker.ts';
import { WorkerSession } from '../workerSession.ts';
import { CELLS, CellStore } from './cellStore.ts';
import { ExperimentRun } from './experimentRun.ts';
import { keepSpeed, knownSpeed } from './knownSpeed.ts';
import { changedParts, runKey, type WantedRun } from './wantedRun.ts';

/** What a run would take, or why it cannot be. */
export type Look = { readonly key: string } & (
  | { readonly plan: ExperimentPlan; readonly problem?: undefined }
  | { readonly plan?: undefined; readonly problem: string }
);

/** The page's session: the claims there are, what a run of one would take, and what the one under way has told. */
export class ExperimentSession extends WorkerSession {
  /** Undefined until the worker has told. */
  records: readonly ExperimentRecord[] | undefined;
  /** The one under way, or the last. */
  run: ExperimentRun | undefined;
  /** Of the run that the page shows. */
  look: Look | undefined;
  /** This adapter's, as a share of the reference's; undefined until it was measured. */
  speed: number | undefined;
  /** Why cells are not kept. */
  keepingProblem: string | undefined;
  /** Counts what was kept or forgotten: a look from before is no longer true. */
  kept = 0;

  #store: Promise<CellStore | null> | undefined;
  #measuring: Promise<void> | undefined;
  #looks = 0;
  /** Until the cells that came are kept. */
  #keeping: Promise<void> = Promise.resolve();
  #files: PageFiles = {};

  protected override async prepare(): Promise<void> {
    this.records ??= await this.ask(({ remote }) => remote.experimentRecords());
    this.changed();
  }

  protected override async opened(): Promise<void> {
    this.speed = knownSpeed(this.adapter!);
    this.changed();
  }

  /** Finds out what a run would take, and what its kept cells come to; an answer that comes late is dropped. */
  async lookAt(wanted: WantedRun): Promise<void> {
    const look = ++this.#looks;
    const key = runKey(wanted);
    const { record, preset } = wanted;
    const asked = { preset, protocol: changedParts(wanted), cells: CELLS };
    const found = await this.#keptOf(record)
      .then((files) =>
        this.ask(({ remote }) => remote.planExperiment(record.id, asked, document.baseURI, files)),
      )
      .then(
        (plan): Look => ({ key, plan }),
        ({ message }: Error): Look => ({ key, problem: message }),
      );
    if (look !== this.#looks) return;
    this.look = found;
    this.changed();
  }

  /** Measures this adapter's speed, once; not while a job has it. */
  async measureSpeed(): Promise<void> {
    if (this.state !== 'idle' || this.speed !== undefined || this.#measuring || !this.adapter) return;
    const { adapter } = this;
    this.#measuring = this.ask(({ remote }) => remote.adapterSpeed()).then(
      (speed) => {
        this.speed = speed;
        keepSpeed(adapter, speed);
      },
      // Without it costs are told of the reference adapter.
      () => {},
    );
    await this.#measuring;
    this.changed();
  }

  /** Runs an experiment to its end; errors end up in `error`. */
  async start(wanted: WantedRun): Promise<void> {
    if (this.state !== 'idle') return;
    const run = new ExperimentRun(wanted);
    this.run = run;
    this.state = 'running';
    this.phase = 'measuring this adapter’s speed';
    this.changed();
    await this.#measuring;
    this.#files = await this.#keptOf(wanted.record);
    // Stopped meanwhile.
    if (this.state !== 'running') {
      this.state = 'idle';
      this.say('Stopped before the first cell');
      return;
    }
    const { id } = wanted.record;
    const spec = { id, preset: wanted.preset, protocol: changedParts(wanted), cells: CELLS, soFar: true };
    await this.runJob(
      { job: 'experiment', ...spec },
      {
        started: 'Run started',
        failed: 'The run failed',
        ended: () => ending(run),
        take: (event) => this.#take(run, event),
      },
    );
    this.#files = {};
    await this.#keeping;
    this.#keptChanged();
  }

  /** Forgets the cells that are kept of an experiment, and those that it shares with others. */
  async forget(record: ExperimentRecord): Promise<void> {
    await (await this.#opened())?.forget(studyOf(record));
    if (this.run?.wanted.record.id === record.id && this.state === 'idle') this.run = undefined;
    this.#keptChanged();
  }

  protected override get files(): PageFiles {
    return this.#files;
  }

  #take(run: ExperimentRun, event: JobEvent): void {
    run.take(event);
    if (event.type === 'phase' || event.type === 'progress') this.phase = run.phase;
    if (event.type === 'cell') {
      const { name, cell } = event;
      this.#keeping = this.#keeping
        .then(async () => (await this.#opened())?.keep(name, cell))
        .catch((error: Error) => this.#cannotKeep(error));
    }
  }

  async #keptOf(record: ExperimentRecord): Promise<PageFiles> {
    return (await (await this.#opened())?.filesOf(studyOf(record))) ?? {};
  }

  #opened(): Promise<CellStore | null> {
    this.#store ??= CellStore.open().catch((error: Error) => {
      this.#cannotKeep(error);
      return null;
    });
    return this.#store;
  }

  #cannotKeep({ message, name }: Error): void {
    this.keepingProblem = `This browser keeps no cells for this page (${message || name}): a run begins anew when its tab is closed.`;
    this.changed();
  }

  #keptChanged(): void {
    this.kept++;
    this.changed();
  }
}

/** What an experiment's cells are kept under. */
function studyOf({ id, study }: ExperimentRecord): string {
  return study?.id ?? id;
}

function ending({ result, cells }: ExperimentRun): string {
  if (result?.outcome) return `Finished: ${result.outcome.verdict}`;
  if (!cells) return 'Stopped before the first cell was done';
  return `Stopped after ${cells.done} of ${cells.total} cells, which are kept`;
}
