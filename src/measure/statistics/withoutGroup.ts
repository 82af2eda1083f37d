/** Mean and Σ(gₙ − ḡ)² of every coordinate over so many examples. */
export interface CoordinateMoments {
  readonly mean: ArrayLike<number>;
  readonly centredSquares: ArrayLike<number>;
  readonly examples: number;
}

/** What is left of a coordinate's squares below this share of all is rounding of float32 sums. */
const ROUNDING = 2 ** -18;

/**
 * The moments of all examples but a group's: the merging of moments (Chan et al. 1979), undone. In float64. A coordinate in
 * which only the group's examples differ has no squares left.
 */
export function withoutGroup(all: CoordinateMoments, group: CoordinateMoments): CoordinateMoments {
  const examples = all.examples - group.examples;
  const mean = Float64Array.from(
    all.mean,
    (m, d) => (all.examples * m - group.examples * group.mean[d]!) / examples,
  );
  const weight = (group.examples * examples) / all.examples;
  const centredSquares = Float64Array.from(all.centredSquares, (squares, d) => {
    const left = squares - group.centredSquares[d]! - weight * (group.mean[d]! - mean[d]!) ** 2;
    return left > ROUNDING * squares ? left : 0;
  });
  return { mean, centredSquares, examples };
}
