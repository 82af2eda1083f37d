/** Choices read off a list of numbers, zeros once it is spent: a shorter list and smaller numbers are a simpler graph. */
export class Draw {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** One of 0 … count − 1. */
  below(count: number): number {
    return (this.#numbers[this.#next++] ?? 0) % Math.max(1, count);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** True in `percent` of cases, not for a zero. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }
}
