/**
 * Discounted moments of a series by age: S_p = Σₖ δᵏ (k/m)ᵖ y₋ₖ for p = 0 … order, where y₋ₖ is the value k additions ago. Each
 * addition makes every age one larger, which is a binomial sum of the lower moments, so that no history is kept.
 */
export class AgeMoments {
  /** S_0 … S_order. */
  readonly sums: Float64Array;
  readonly #discount: number;
  /** Column p: the binomial coefficients times m⁻⁽ᵖ⁻ʳ⁾ by which S_r enters the aged S_p. */
  readonly #aging: readonly (readonly number[])[];

  /**
   * @param discount δ, 0 ≤ δ ≤ 1
   * @param unit m, the age that counts as 1
   */
  constructor(order: number, discount: number, unit: number) {
    this.sums = new Float64Array(order + 1);
    this.#discount = discount;
    const aging: number[][] = [[1]];
    for (let p = 1; p <= order; p++) {
      const before = aging[p - 1]!;
      aging.push(
        Array.from({ length: p + 1 }, (_, r) => (before[r] ?? 0) / unit + (r > 0 ? before[r - 1]! : 0)),
      );
    }
    this.#aging = aging;
  }

  add(value: number): void {
    const { sums } = this;
    for (let p = sums.length - 1; p >= 0; p--) {
      const column = this.#aging[p]!;
      let aged = 0;
      for (let r = 0; r <= p; r++) aged += column[r]! * sums[r]!;
      sums[p] = this.#discount * aged;
    }
    sums[0] = sums[0]! + value;
  }
}
