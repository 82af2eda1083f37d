import type { AskedChange, PageFiles, PageNews } from '../../jobs/jobWorker.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { KeptRun } from '../runs/keptRun.ts';
import { readRun } from '../runs/readRun.ts';
import { heldRuns, holdRun } from '../runs/runLocks.ts';
import { type RunRecord, SNAPSHOT } from '../runs/runRecord.ts';
import type { RunStore } from '../runs/runStore.ts';
import { changeUrlState } from '../urlState.ts';
import { type AskedJob, WorkerSession } from '../workerSession.ts';
import { Recording } from './recording.ts';
import { RunClock } from './runClock.ts';
import { changeText, ending, failure, goesOn, pausedAt, restText } from './runWords.ts';
import { askedOf, jobOf, newRecord, type ShownRun, takeNews, takeSnapshot } from './shownRun.ts';
import { StepRate } from './stepRate.ts';

export interface SessionProgress {
  done: number;
  total: number;
  unit: string;
  /** A second, over the last few seconds; undefined until it can be told. */
  rate: number | undefined;
}

/** Devices that may be lost one after the other, no step read between them. */
const MOST_LOSSES = 4;

/** The lab's session: a training run, what it has shown, and how it is kept. */
export class LabSession extends WorkerSession {
  progress: SessionProgress | undefined;
  /** What is set of a run that rests, before its next step. */
  pending: readonly AskedChange[] = [];
  /** Whether the run that is shown goes on in another tab. */
  elsewhere = false;
  /** Why runs are not kept at all. */
  storeProblem: string | undefined;
  /** The files that the page was given, by their names. */
  given: PageFiles = {};
  #store: RunStore | undefined;
  #shown: ShownRun | undefined;
  #snapshotFile: Blob | undefined;
  /** Whether this tab holds the run that is shown. */
  #holds = false;
  readonly #rate = new StepRate();
  /** What is to be read once the page is ready. */
  #standing: string | undefined;

  get recording(): Recording | undefined {
    return this.#shown?.recording;
  }

  /** The run that is shown, as it is kept. */
  get record(): RunRecord | undefined {
    return this.#shown?.kept?.record ?? this.#shown?.record;
  }

  /** Why what is shown is not kept; undefined while it is, or while there is nothing to keep. */
  get keepProblem(): string | undefined {
    if (!this.#shown) return undefined;
    return this.#shown.kept?.problem ?? (this.#shown.record ? undefined : this.storeProblem);
  }

  /** Whether the run that is shown rests and can go on, here. */
  get canGoOn(): boolean {
    const { record } = this;
    if (this.state !== 'idle' || !record || this.elsewhere) return false;
    if (record.status === 'stopped') return record.snapshot !== null;
    return record.status === 'running' || record.status === 'failed';
  }

  protected override get files(): PageFiles {
    return { ...this.given, ...(this.#snapshotFile ? { [SNAPSHOT]: this.#snapshotFile } : {}) };
  }

  protected override get pausedText(): string {
    return pausedAt(this.recording);
  }

  protected override async opened(): Promise<void> {
    if (this.#standing !== undefined && this.state === 'idle') this.say(this.#standing);
  }

  /** Takes the store in which runs are kept, or why there is none. */
  keepIn(store: RunStore | undefined, problem?: string): void {
    this.#store = store;
    this.storeProblem = problem;
    store?.subscribe(() => void this.#follow());
    this.changed();
  }

  /** Follows what becomes of the run that is shown in another tab: that it goes on there, or has ended. */
  async #follow(): Promise<void> {
    this.changed();
    const [{ record }, store] = [this, this.#store];
    if (this.state !== 'idle' || this.#holds || !record || !store) return;
    const now = await store.get(record.id);
    const elsewhere = now?.status === 'running' && (await heldRuns()).has(record.id);
    if (elsewhere === this.elsewhere || this.state !== 'idle' || this.record?.id !== record.id) return;
    this.elsewhere = elsewhere;
    if (elsewhere) this.say(restText(record, true));
    else await this.show(record.id);
  }

  /** Shows a run as it is kept. @returns whether there is one of this name */
  async show(id: string): Promise<boolean> {
    const store = this.#store;
    const record = await store?.get(id);
    if (!store || !record || this.state !== 'idle') return false;
    const { recording, seconds } = await readRun(store, record);
    const clock = new RunClock(seconds);
    this.#shown = { recording, clock, record, kept: undefined, snapshot: null, unsaved: [] };
    this.pending = [];
    this.progress = undefined;
    this.error = undefined;
    this.elsewhere = record.status === 'running' && (await heldRuns()).has(id);
    this.#standing = restText(record, this.elsewhere);
    this.say(this.#standing);
    return true;
  }

  /** Runs a job to its end, from its start; errors end up in `error`. */
  async start(spec: TrainSpec): Promise<void> {
    if (this.state !== 'idle') return;
    const recording = new Recording(spec);
    const clock = new RunClock();
    const shown: ShownRun = {
      recording,
      clock,
      record: undefined,
      kept: undefined,
      snapshot: null,
      unsaved: [],
    };
    this.#shown = shown;
    this.elsewhere = false;
    this.pending = [];
    this.error = undefined;
    this.state = 'running';
    this.say('Run started');
    this.#holds = true;
    const release = await this.#keep(shown);
    await this.#run(shown, 'Run started').finally(async () => {
      await release?.();
      this.#holds = false;
    });
  }

  /** Keeps a new run in the store, where there is one. @returns what lets others go on with it */
  async #keep(shown: ShownRun): Promise<(() => Promise<void>) | null> {
    if (!this.#store) return null;
    const record = newRecord(shown.recording, Object.keys(this.given));
    try {
      await this.#store.add(record, [], this.given);
      shown.record = record;
      shown.kept = new KeptRun(this.#store, record, () => this.changed());
      changeUrlState({ values: { run: record.id } });
      return await holdRun(record.id);
    } catch (error) {
      const { name, message } = error as Error;
      const room = name === 'QuotaExceededError' ? 'the browser has no more room for runs' : message || name;
      this.storeProblem = `This run is not kept: ${room}. Delete runs on the page Runs to make room.`;
      return null;
    }
  }

  /** Goes on with the run that is shown, from its snapshot. */
  async goOn(): Promise<void> {
    const [{ record }, store] = [this, this.#store];
    if (!record || !store || !this.canGoOn) return;
    const release = await holdRun(record.id);
    if (!release) {
      this.elsewhere = true;
      this.say('This run goes on in another tab');
      return;
    }
    this.#holds = true;
    try {
      const { recording, seconds } = await readRun(store, record, record.snapshot?.parts ?? 0);
      const blob = record.snapshot && ((await store.file(record.id, SNAPSHOT)) ?? null);
      const kept = new KeptRun(store, record, () => this.changed());
      await kept.backToSnapshot(recording.lastStep);
      const shown: ShownRun = {
        recording,
        clock: new RunClock(seconds),
        record,
        kept,
        snapshot: blob && { step: record.snapshot!.step, blob, mark: recording.mark() },
        unsaved: this.pending.map((change) => ({ change, applied: false })),
      };
      this.#shown = shown;
      this.pending = [];
      changeUrlState({ values: { run: record.id } });
      await this.#run(shown, `Resumed: ${goesOn(shown)}`);
    } catch (error) {
      this.error = (error as Error).message;
      this.changed();
    } finally {
      await release();
      this.#holds = false;
    }
  }

  async #run(shown: ShownRun, started: string): Promise<void> {
    const { recording, clock } = shown;
    this.progress = undefined;
    this.#standing = undefined;
    this.#rate.reset();
    let status: RunRecord['status'] = 'failed';
    this.#snapshotFile = shown.snapshot?.blob;
    clock.start();
    await this.runJobs(
      [jobOf(shown)],
      {
        started,
        failed: 'The run failed',
        ended: (how) => {
          const all = recording.replicas.length === recording.diverged.size;
          status = all ? 'diverged' : how.stopped || how.abandoned ? 'stopped' : 'finished';
          return ending(recording, how);
        },
        failure: (error) => failure(error, recording, shown.snapshot?.step),
        take: (event) => this.#take(event, shown),
        keep: (snapshot) => takeSnapshot(snapshot, shown),
        again: this.#afterLosses(shown),
      },
      askedOf(shown),
    );
    clock.rest();
    this.#snapshotFile = undefined;
    const { error } = this;
    await shown.kept?.change({ status, ...(status === 'failed' && error !== undefined ? { error } : {}) });
    this.changed();
  }

  /** What goes on in the place of a job whose device was lost: the run from its snapshot, on another device. */
  #afterLosses(shown: ShownRun): (error: Error) => Promise<AskedJob | null> {
    const { recording, kept } = shown;
    const start = recording.mark();
    let losses = 0;
    let lostAt = -1;
    return async ({ name }) => {
      if (name !== 'DeviceLostError' && !(name === 'NoAdapterError' && losses > 0)) return null;
      if (recording.lastStep > lostAt) losses = 0;
      lostAt = recording.lastStep;
      losses++;
      if (losses > MOST_LOSSES) return null;
      const { snapshot } = shown;
      recording.cut(snapshot?.mark ?? start);
      await kept?.backToSnapshot(recording.lastStep);
      this.say(`The device was lost after step ${lostAt}: ${goesOn(shown)}`);
      // Its process has to come up again.
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** losses));
      this.#snapshotFile = snapshot?.blob;
      return { spec: jobOf(shown), changes: askedOf(shown) };
    };
  }

  override async pause(): Promise<void> {
    this.#shown?.clock.rest();
    await super.pause();
  }

  override async resume(): Promise<void> {
    this.#rate.reset();
    this.#shown?.clock.start();
    await super.resume();
  }

  /** Sets ε or B of the run from its next step on; of one that rests, when it goes on. */
  async change(change: AskedChange): Promise<void> {
    const text = changeText(change, this.recording);
    if (this.state === 'idle') {
      this.pending = [...this.pending, change];
      this.say(`${text}, once the run goes on`);
      return;
    }
    this.#shown?.unsaved.push({ change, applied: false });
    this.say(`${text}, from the next step on`);
    await this.worker?.remote.change(change);
  }

  #take(event: PageNews, shown: ShownRun): void {
    const { recording } = shown;
    takeNews(event, shown);
    switch (event.type) {
      case 'phase':
        this.#rate.reset();
        break;
      case 'progress': {
        const { done, total, unit } = event;
        this.progress = { done, total, unit, rate: this.#rate.take(done) };
        break;
      }
      case 'learningRate':
        this.announcement = `ε = ${event.learningRate} from step ${event.step} on`;
        break;
      case 'batchSize':
        this.announcement = `B = ${event.batchSize} from step ${event.step} on`;
        break;
      case 'diverged':
        this.announcement = `${recording.replicas[event.replica]} diverged at step ${event.step}: ${event.reason}`;
        break;
      case 'note':
        if (/was (refused|not set)/.test(event.text)) this.announcement = event.text;
        break;
      case 'readings':
        // What was under way when the button was pressed.
        if (this.state === 'paused') this.announcement = pausedAt(recording);
        break;
    }
  }
}
