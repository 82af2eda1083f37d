import { branchRun } from './branchRun.ts';
import { openRunStore } from './openRunStore.ts';
import { heldRuns } from './runLocks.ts';
import type { RunRecord } from './runRecord.ts';
import type { RunStore } from './runStore.ts';

/** What the page Runs knows: the runs there are, which of them go on in some tab, how much room they take. */
export class RunsSession {
  runs: readonly RunRecord[] | undefined;
  /** Those that go on in some tab. */
  held: ReadonlySet<string> = new Set();
  /** Bytes that this site takes, and may take. */
  room: { readonly used: number; readonly quota: number } | undefined;
  /** Why there are no runs, or what was refused. */
  problem: string | undefined;
  announcement = '';
  store: RunStore | undefined;
  readonly #listeners = new Set<() => void>();
  #reading: Promise<void> | undefined;
  #stale = false;

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(): Promise<void> {
    const { store, problem } = await openRunStore((why) => this.#tell(why));
    this.store = store;
    this.problem = problem;
    if (!store) {
      this.runs = [];
      this.#changed();
      return;
    }
    store.subscribe(() => void this.#read());
    await this.#read();
  }

  /** Reads the list anew; where it changes meanwhile, once more. */
  async #read(): Promise<void> {
    this.#stale = true;
    this.#reading ??= (async () => {
      while (this.#stale && this.store) {
        this.#stale = false;
        if (this.store.closed) {
          this.problem = this.store.closed;
          break;
        }
        this.runs = await this.store.list();
        this.held = await heldRuns();
        const { usage, quota } = await navigator.storage.estimate();
        this.room = usage === undefined || quota === undefined ? undefined : { used: usage, quota };
        this.#changed();
      }
    })().finally(() => {
      this.#reading = undefined;
      this.#changed();
    });
    await this.#reading;
  }

  /** Takes runs from files: recordings, results, snapshots. */
  async take(files: readonly File[]): Promise<void> {
    const { store } = this;
    if (!store) return;
    await this.#try(async () => {
      const { importRun } = await import('./importRun.ts');
      for (const file of files) await importRun(store, file);
      this.#tell(`${files.length} ${files.length === 1 ? 'run' : 'runs'} imported`);
    });
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#try(async () => {
      await this.store?.change(id, { name });
      this.#tell(`Renamed to ${name}`);
    });
  }

  /** Pinned runs come first, and the browser is asked not to clear them where it runs out of room. */
  async pin(id: string, pinned: boolean): Promise<void> {
    await this.#try(async () => {
      await this.store?.change(id, { pinned });
      if (pinned) await navigator.storage.persist();
      this.#tell(pinned ? 'Pinned' : 'No longer pinned');
    });
  }

  async delete({ id, name }: RunRecord): Promise<void> {
    await this.#try(async () => {
      await this.store?.delete(id);
      this.#tell(`${name} deleted`);
    });
  }

  /** @returns the id of a run that goes on from this one's snapshot */
  async branch(id: string): Promise<string | undefined> {
    let made: string | undefined;
    await this.#try(async () => {
      if (this.store) made = await branchRun(this.store, id);
    });
    return made;
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.problem = undefined;
    try {
      await work();
    } catch (error) {
      const { name, message } = error as Error;
      this.problem =
        name === 'QuotaExceededError'
          ? 'The browser has no more room for runs: nothing was stored, and what is there stays. Delete runs to make room.'
          : message || name;
      this.#changed();
    }
  }

  #tell(sentence: string): void {
    this.announcement = sentence;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
