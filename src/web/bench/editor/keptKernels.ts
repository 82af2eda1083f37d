import type { EditedText, EditPlace, EditRatio } from '../../../bench/edit/kernelEditReport.ts';
import type { KernelsRow } from '../../../bench/kernelsReport.ts';

/** A text that was right, with what was measured of it. */
export interface KeptKernel extends EditPlace, EditedText {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly date: string;
  /** What it ran on, in words. */
  readonly adapter: string;
  readonly measured: KernelsRow;
  /** Its time over the shipped kernel's. */
  readonly ratio: EditRatio | null;
}

const KEY = 'basin.keptKernels';

/** Kernels that were kept in this browser. */
export class KeptKernels {
  /** Why nothing can be kept, or could be read. */
  problem: string | undefined;
  readonly #listeners = new Set<() => void>();
  #kept: readonly KeptKernel[];

  constructor() {
    this.#kept = this.#read();
    // Another tab keeps and forgets in the same place.
    addEventListener('storage', ({ key }) => {
      if (key !== KEY) return;
      this.#kept = this.#read();
      this.#changed();
    });
  }

  /** Calls `listener` after each change. @returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest last. */
  get list(): readonly KeptKernel[] {
    return this.#kept;
  }

  keep(kernel: Omit<KeptKernel, 'id' | 'date'>): void {
    this.#write([...this.#kept, { ...kernel, id: crypto.randomUUID(), date: new Date().toISOString() }]);
  }

  forget(id: string): void {
    this.#write(this.#kept.filter((each) => each.id !== id));
  }

  #read(): readonly KeptKernel[] {
    try {
      const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
      return Array.isArray(found) ? found.filter(isKept) : [];
    } catch (error) {
      this.problem = `Kept kernels cannot be read: ${(error as Error).message}`;
      return [];
    }
  }

  #write(list: readonly KeptKernel[]): void {
    try {
      localStorage.setItem(KEY, JSON.stringify(list));
      this.#kept = list;
      this.problem = undefined;
    } catch (error) {
      this.problem = `The kernel cannot be kept: ${(error as Error).message}`;
    }
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Of this version's form: what another one left there is passed over. */
function isKept(each: Partial<KeptKernel> | null): each is KeptKernel {
  const words = [each?.id, each?.name, each?.row, each?.kernel, each?.text, each?.date, each?.adapter];
  return (
    words.every((word) => typeof word === 'string') &&
    Array.isArray(each?.grid) &&
    typeof each?.measured?.id === 'string'
  );
}
