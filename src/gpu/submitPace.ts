/** Milliseconds that a submit of many steps should last: long enough to hide its cost, short enough to steer. */
const TARGET = 150;
/** Fewer steps than this in a submit only where so many last longer than any submit should. */
const USUAL = 16;
/** Milliseconds that a submit should not pass: drivers take one of 2 s for a hang. */
const LONGEST = 500;
/** … and from which work is spread: what ran for the first time took longer than it will. */
const SPREAD_FROM = 800;
/** Submits over which work is spread whose time is not known yet. */
const PARTS_AT_FIRST = 4;

/** Over how many submits work is spread that takes so many milliseconds; NaN where that is not known. */
export function partsOf(milliseconds: number): number {
  if (milliseconds < SPREAD_FROM) return 1;
  return Math.ceil(milliseconds / LONGEST) || PARTS_AT_FIRST;
}

/**
 * How many steps a submit holds, by what steps of their kind took before. Whatever it is, results are the same.
 */
export class SubmitPace {
  readonly #milliseconds = new Map<string, number>();
  readonly #largest: number;

  /** @param largest the most steps in a submit */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /**
   * Steps that the next submit should hold: at least one, and one alone where its kind is not known yet.
   * @param kindOf of the next steps, counted from 0
   * @param most that there are
   */
  count(kindOf: (next: number) => string, most: number): number {
    const end = Math.min(most, this.#largest);
    let total = 0;
    for (let count = 0; count < end; count++) {
      const each = this.#milliseconds.get(kindOf(count));
      if (each === undefined) return Math.max(1, count);
      total += each;
      if (total > (count < USUAL ? LONGEST : TARGET)) return Math.max(1, count);
    }
    return Math.max(1, end);
  }

  /** Submits over which a step is spread. */
  parts(kind: string): number {
    return partsOf(this.#milliseconds.get(kind) ?? Number.NaN);
  }

  /** Takes in how long a submit of steps of these kinds took. */
  took(kinds: readonly string[], milliseconds: number): void {
    const expected = kinds.reduce((sum, kind) => sum + (this.#milliseconds.get(kind) ?? 0), 0);
    const factor = expected > 0 ? milliseconds / expected : 0;
    for (const kind of new Set(kinds)) {
      const before = this.#milliseconds.get(kind);
      this.#milliseconds.set(kind, before ? before * factor : milliseconds / kinds.length);
    }
  }
}
