/** Steps to a goal at a batch size. */
export interface StepsAt {
  readonly batchSize: number;
  readonly steps: number;
}

/** S(B) = S_min(1 + B_crit/B). */
export interface StepsLaw {
  readonly leastSteps: number;
  readonly criticalBatch: number;
  /** log S less log of the law, in the order of the batch sizes. */
  readonly residuals: readonly number[];
}

/** Where B_crit is looked for: a law without saturation, or without any use of larger batches, ends there. */
const RANGE = [1e-2, 1e7] as const;

/** The law by least squares of log S (McCandlish et al. 2018, appendix E): log S_min follows from B_crit, which is searched for. */
export function fitStepsLaw(points: readonly StepsAt[]): StepsLaw {
  const at = (logBatch: number) => {
    const above = points.map(
      ({ batchSize, steps }) => Math.log(steps) - Math.log1p(Math.exp(logBatch) / batchSize),
    );
    const level = above.reduce((sum, each) => sum + each, 0) / above.length;
    const residuals = above.map((each) => each - level);
    return { level, residuals, misfit: residuals.reduce((sum, each) => sum + each ** 2, 0) };
  };
  const [low, high] = RANGE.map(Math.log) as [number, number];
  const grid = 80;
  const starts = Array.from({ length: grid + 1 }, (_, i) => low + ((high - low) * i) / grid);
  let best = starts.reduce((least, start) => (at(start).misfit < at(least).misfit ? start : least));
  for (let width = (high - low) / grid; width > 1e-9; width /= 2) {
    for (const moved of [best - width, best + width]) {
      if (moved >= low && moved <= high && at(moved).misfit < at(best).misfit) best = moved;
    }
  }
  const { level, residuals } = at(best);
  return { leastSteps: Math.exp(level), criticalBatch: Math.exp(best), residuals };
}
