import { type BuiltinRun, builtinRuns } from './builtinRuns.ts';
import { type RunView, viewOf } from './runView.ts';

/** A run that can be picked. */
export interface ListedRun {
  readonly key: string;
  readonly label: string;
}

/** Runs from files: those that came with the page, and those that its user opened. */
export class RunLibrary {
  /** What was wrong with the files last opened, a line each. */
  readonly problems: string[] = [];
  readonly #opened = new Map<string, RunView>();
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listed(): readonly ListedRun[] {
    const built = builtinRuns.map((run) => ({ key: keyOf(run), label: describe(run) }));
    const opened = [...this.#opened].filter(([key]) => !built.some((run) => run.key === key));
    return [...built, ...opened.map(([key, { name }]) => ({ key, label: name }))];
  }

  /** The run of a key; undefined while a built-in one is on its way. */
  get(key: string): RunView | undefined {
    const known = this.#opened.get(key);
    if (known) return known;
    const run = builtinRuns.find((each) => keyOf(each) === key);
    if (run) void this.#load(run);
    return undefined;
  }

  /** Reads files of `basin bench kernels` or of this page. @returns the keys of those that are runs */
  async open(files: readonly File[]): Promise<string[]> {
    this.problems.length = 0;
    const keys: string[] = [];
    for (const file of files) {
      const key = `file ${file.name} ${file.lastModified} ${file.size}`;
      try {
        await this.#take(key, file.name, await file.text());
        keys.push(key);
      } catch (error) {
        this.problems.push((error as Error).message);
      }
    }
    this.#changed();
    return keys;
  }

  readonly #loading = new Set<string>();

  async #load(run: BuiltinRun): Promise<void> {
    const key = keyOf(run);
    if (this.#loading.has(key)) return;
    this.#loading.add(key);
    try {
      await this.#take(key, run.name, await run.load());
    } catch (error) {
      this.problems.push((error as Error).message);
    }
    this.#changed();
  }

  async #take(key: string, name: string, text: string): Promise<void> {
    // With zod, which is as large as the page.
    const { readReport } = await import('./readReport.ts');
    this.#opened.set(key, viewOf(readReport(text, name), name));
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What a run that came with the page is called in its address. */
export function keyOf({ name }: BuiltinRun): string {
  return name;
}

function describe({ name, adapter, date }: BuiltinRun): string {
  return `${name.replace(/^kernels-/, '')}${adapter.software ? ' (software)' : ''}, ${date.slice(0, 10)}`;
}
