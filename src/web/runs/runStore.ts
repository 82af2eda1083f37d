import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import type { KeptEvent, RunRecord } from './runRecord.ts';

interface Stored extends DBSchema {
  runs: { key: string; value: RunRecord };
  /** By run and part, counted from 0. */
  events: { key: [string, number]; value: readonly KeptEvent[] };
  /** By run and name. */
  files: { key: [string, string]; value: Blob };
}

type Writing = IDBPTransaction<Stored, ('runs' | 'events' | 'files')[], 'readwrite'>;

const NAME = 'basin runs';
/** Another one where what is stored changes its shape: `upgrade` then brings what there is into it. */
const VERSION = 1;

/** Files of a run to be stored, by name. */
export type RunFiles = Readonly<Record<string, Blob>>;

/** Tells other tabs, and this one, that the list of runs changed. */
const CHANNEL = 'basin runs';

/** The runs that this browser keeps, in IndexedDB. */
export class RunStore {
  readonly #db: IDBPDatabase<Stored>;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #listeners = new Set<() => void>();
  /** Why nothing more can be read or written; undefined while all is well. */
  closed: string | undefined;

  private constructor(db: IDBPDatabase<Stored>) {
    this.#db = db;
    this.#channel.onmessage = () => this.#tell();
  }

  /**
   * Opens the store, or makes it.
   * @param onBlocked is told where another tab keeps it from being opened
   * @throws where the browser has no store for this page, as in some private windows
   */
  static async open(onBlocked: (why: string) => void = () => {}, name = NAME): Promise<RunStore> {
    let store: RunStore | undefined;
    const end = (why: string): void => {
      if (!store) return;
      store.closed = why;
      store.#tell();
    };
    const db = await openDB<Stored>(name, VERSION, {
      upgrade(db) {
        db.createObjectStore('runs', { keyPath: 'id' });
        db.createObjectStore('events');
        db.createObjectStore('files');
      },
      blocked: () =>
        onBlocked('Another tab holds the runs in an older form: close it, and this one goes on.'),
      blocking() {
        db.close();
        end('A newer version of this page was opened in another tab: reload this one to keep runs again.');
      },
      terminated: () => end('The browser closed the store of runs: reload this page to keep runs again.'),
    });
    store = new RunStore(db);
    return store;
  }

  /** Calls `listener` after changes of the list, here or in another tab. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All runs: pinned ones first, then the newest. */
  async list(): Promise<RunRecord[]> {
    const runs = await this.#db.getAll('runs');
    return runs.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.created - a.created);
  }

  get(id: string): Promise<RunRecord | undefined> {
    return this.#db.get('runs', id);
  }

  /** What a run told, the first so many parts of it. */
  async events(id: string, parts = Number.POSITIVE_INFINITY): Promise<KeptEvent[]> {
    const kept = await this.#db.getAll('events', range(id, 0, parts - 1));
    return kept.flat();
  }

  file(id: string, name: string): Promise<Blob | undefined> {
    return this.#db.get('files', [id, name]);
  }

  /** Adds a run, with its files: all of it or nothing. @throws DOMException `QuotaExceededError` where there is no room */
  async add(record: RunRecord, events: readonly KeptEvent[] = [], files: RunFiles = {}): Promise<void> {
    await this.#put(this.#forWriting(), record, record, events, files);
    this.#changed();
  }

  /**
   * Keeps a run's record in the place of the one before, but for its name and whether it is pinned, with a further part of its events
   * and files: all of it or nothing, and what was kept before stays.
   * @throws DOMException `QuotaExceededError` where there is no room
   */
  async append(record: RunRecord, events: readonly KeptEvent[], files: RunFiles = {}): Promise<void> {
    const transaction = this.#forWriting();
    const before = await transaction.objectStore('runs').get(record.id);
    if (!before) throw new Error('it was deleted');
    await this.#put(transaction, record, before, events, files);
    this.#changed();
  }

  #forWriting(): Writing {
    return this.#db.transaction(['runs', 'events', 'files'], 'readwrite', { durability: 'relaxed' });
  }

  async #put(
    transaction: Writing,
    record: RunRecord,
    { name, pinned }: Pick<RunRecord, 'name' | 'pinned'>,
    events: readonly KeptEvent[],
    files: RunFiles,
  ): Promise<void> {
    const { id, parts } = record;
    await Promise.all([
      transaction.objectStore('runs').put({ ...record, name, pinned }),
      ...(events.length > 0 ? [transaction.objectStore('events').put(events, [id, parts - 1])] : []),
      ...Object.entries(files).map(([file, blob]) => transaction.objectStore('files').put(blob, [id, file])),
      transaction.done,
    ]);
  }

  /** Changes some of a run's record, if it is there. @returns the whole of it */
  async change(id: string, changes: Partial<Omit<RunRecord, 'id'>>): Promise<RunRecord | undefined> {
    const transaction = this.#db.transaction('runs', 'readwrite');
    const before = await transaction.store.get(id);
    const after = before && { ...before, ...changes };
    if (after) await transaction.store.put(after);
    await transaction.done;
    this.#changed();
    return after;
  }

  /**
   * Forgets what a run told after its snapshot, or all of it where it has none: it goes on from there.
   * @param lastStep the last step that is known then
   * @returns its record as it is then
   */
  async backToSnapshot(id: string, lastStep: number): Promise<RunRecord> {
    const transaction = this.#db.transaction(['runs', 'events'], 'readwrite');
    const runs = transaction.objectStore('runs');
    const before = await runs.get(id);
    if (!before) throw new Error('the run is not kept any more');
    const parts = before.snapshot?.parts ?? 0;
    const { error: _, ...rest } = before;
    const after: RunRecord = { ...rest, status: 'running', lastStep, parts, updated: Date.now() };
    await Promise.all([
      runs.put(after),
      transaction.objectStore('events').delete(range(id, parts, Number.POSITIVE_INFINITY)),
      transaction.done,
    ]);
    this.#changed();
    return after;
  }

  /** Forgets a run and all that belongs to it. */
  async delete(id: string): Promise<void> {
    const transaction = this.#db.transaction(['runs', 'events', 'files'], 'readwrite');
    await Promise.all([
      transaction.objectStore('runs').delete(id),
      transaction.objectStore('events').delete(range(id, 0, Number.POSITIVE_INFINITY)),
      transaction.objectStore('files').delete(IDBKeyRange.bound([id], [id, []])),
      transaction.done,
    ]);
    this.#changed();
  }

  close(): void {
    this.#channel.close();
    this.#db.close();
  }

  #changed(): void {
    this.#channel.postMessage(null);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The keys of a run's parts, both ends included. */
function range(id: string, from: number, to: number): IDBKeyRange {
  return IDBKeyRange.bound([id, from], [id, to]);
}
