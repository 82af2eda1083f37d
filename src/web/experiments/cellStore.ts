import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { KeptCell } from '../../experiments/keptCell.ts';

interface Stored extends DBSchema {
  cells: {
    key: string;
    value: { readonly name: string; readonly study: string; readonly text: string };
    indexes: { study: string };
  };
}

/** What cells that are kept are called among a job's files. */
export const CELLS = 'cells';

/** The measured cells that this browser keeps, in IndexedDB: a run goes on from them, and its result is there again after a reload. */
export class CellStore {
  readonly #db: IDBPDatabase<Stored>;

  private constructor(db: IDBPDatabase<Stored>) {
    this.#db = db;
  }

  /** @throws where the browser has no store for this page, as in some private windows */
  static async open(name = 'basin cells'): Promise<CellStore> {
    const db = await openDB<Stored>(name, 1, {
      upgrade(made) {
        made.createObjectStore('cells', { keyPath: 'name' }).createIndex('study', 'study');
      },
      // Another tab has a newer version of the page: it is not kept waiting.
      blocking: () => db.close(),
    });
    return new CellStore(db);
  }

  /** @throws DOMException `QuotaExceededError` where there is no room */
  async keep(name: string, cell: KeptCell): Promise<void> {
    await this.#db.put('cells', { name, study: cell.experiment, text: JSON.stringify(cell) });
  }

  /** All cells of a study as files of a job, which takes those that it can use. */
  async filesOf(study: string): Promise<Readonly<Record<string, Blob>>> {
    const kept = await this.#db.getAllFromIndex('cells', 'study', study);
    return Object.fromEntries(kept.map(({ name, text }) => [`${CELLS}/${name}.json`, new Blob([text])]));
  }

  async forget(study: string): Promise<void> {
    const transaction = this.#db.transaction('cells', 'readwrite');
    const names = await transaction.store.index('study').getAllKeys(study);
    await Promise.all([...names.map((name) => transaction.store.delete(name)), transaction.done]);
  }
}
