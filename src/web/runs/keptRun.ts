import type { PageNews, PageSnapshot } from '../../jobs/jobWorker.ts';
import { type KeptEvent, type RunRecord, SNAPSHOT, TENSORS } from './runRecord.ts';
import type { RunStore } from './runStore.ts';

/** Milliseconds between two parts of a run's events. */
const EVERY = 1000;

/** What is stored at once: events, then the snapshot that was taken after them. */
interface Part {
  readonly events: KeptEvent[];
  readonly files: Record<string, Blob>;
  lastStep: number;
  snapshotAt: number | null;
}

/**
 * Keeps a run while it goes on: what it tells each second, its snapshots and its result at once. Where the store takes nothing, what
 * there is waits here until it does, and `problem` says so.
 */
export class KeptRun {
  readonly #store: RunStore;
  readonly #onChange: () => void;
  #record: RunRecord;
  /** What waits to be stored, oldest first; the last one takes what is told. */
  #parts: Part[] = [emptyPart()];
  /** What else of the record changes. */
  #changes: Partial<RunRecord> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Why what is shown is not kept; undefined while it is. */
  problem: string | undefined;

  /** @param onChange is called after each part that was stored, and where one was not */
  constructor(store: RunStore, record: RunRecord, onChange: () => void) {
    this.#store = store;
    this.#record = record;
    this.#onChange = onChange;
  }

  /** As it is stored. */
  get record(): RunRecord {
    return this.#record;
  }

  /** Takes what the run tells. @param seconds that it has run for */
  take(event: PageNews, seconds: number): void {
    if (event.type === 'progress') return;
    const part = this.#parts.at(-1)!;
    if (event.type === 'readings') part.lastStep = event.readings.at(-1)?.step ?? part.lastStep;
    if (event.type !== 'result') {
      part.events.push({ seconds, event });
      this.#timer ??= setTimeout(() => void this.flush(), EVERY);
      return;
    }
    const { tensors, ...rest } = event;
    part.events.push({ seconds, event: rest });
    if (tensors) part.files[TENSORS] = new Blob([tensors as BlobPart]);
    void this.flush();
  }

  /** Takes a snapshot: stored with what was told before it, so that the run goes on where what is kept ends. */
  keep({ step, tensors }: PageSnapshot): void {
    // Only the newest is needed.
    for (const waiting of this.#parts) {
      delete waiting.files[SNAPSHOT];
      waiting.snapshotAt = null;
    }
    const part = this.#parts.at(-1)!;
    part.files[SNAPSHOT] = tensors;
    part.snapshotAt = step;
    this.#parts.push(emptyPart());
    void this.flush();
  }

  /** Changes the record, with all that waits. */
  async change(changes: Partial<RunRecord>): Promise<void> {
    this.#changes = { ...this.#changes, ...changes };
    await this.flush();
  }

  /** Forgets what was told after the last snapshot. @param lastStep the last step that is known then */
  async backToSnapshot(lastStep: number): Promise<void> {
    await this.flush();
    const waiting = this.#parts.findLastIndex(({ snapshotAt }) => snapshotAt !== null);
    this.#parts = [...this.#parts.slice(0, waiting + 1), emptyPart()];
    if (waiting < 0) this.#record = await this.#store.backToSnapshot(this.#record.id, lastStep);
  }

  /** Stores what waits. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#parts.length > 1 || !isEmpty(this.#parts[0]!) || Object.keys(this.#changes).length > 0) {
        if (this.#parts.length === 1) this.#parts.push(emptyPart());
        const changes = this.#changes;
        await this.#storePart(this.#parts[0]!, changes);
        this.#parts.shift();
        if (this.#changes === changes) this.#changes = {};
      }
      this.problem = undefined;
    } catch (error) {
      this.problem = this.#store.closed ?? unkept(error as Error);
      this.#timer ??= setTimeout(() => void this.flush(), 5 * EVERY);
    }
    this.#onChange();
  }

  async #storePart(part: Part, changes: Partial<RunRecord>): Promise<void> {
    const { events, files, lastStep, snapshotAt } = part;
    const before = this.#record;
    const parts = before.parts + (events.length > 0 ? 1 : 0);
    const record: RunRecord = {
      ...before,
      parts,
      lastStep: Math.max(before.lastStep, lastStep),
      snapshot: snapshotAt === null ? before.snapshot : { step: snapshotAt, parts },
      updated: Date.now(),
      ...changes,
    };
    await this.#store.append(record, events, files);
    this.#record = record;
  }
}

function emptyPart(): Part {
  return { events: [], files: {}, lastStep: 0, snapshotAt: null };
}

function isEmpty({ events, files }: Part): boolean {
  return events.length === 0 && Object.keys(files).length === 0;
}

/** Why the store took nothing. */
function unkept({ name, message }: Error): string {
  if (name !== 'QuotaExceededError') return `The run is not kept at the moment: ${message || name}.`;
  return (
    'The browser has no more room for runs: this one goes on, and what it shows is kept in this tab alone. ' +
    'Delete runs on the page Runs, and it is stored.'
  );
}
