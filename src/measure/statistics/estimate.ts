/** A number from probes, with its standard error; exact ones have 0 of it. */
export interface Estimate {
  readonly value: number;
  /** Standard error of the mean over the probes; null for a single one. */
  readonly stderr: number | null;
  readonly probes: number;
}

/** How many random vectors an estimate takes, and where they come from. */
export interface Probes {
  readonly probes: number;
  readonly seed: number;
}

/** Mean and standard error of independent unbiased probes. */
export function estimateFrom(samples: readonly number[]): Estimate {
  const probes = samples.length;
  const value = samples.reduce((sum, sample) => sum + sample, 0) / probes;
  const squares = samples.reduce((sum, sample) => sum + (sample - value) ** 2, 0);
  return { value, stderr: probes > 1 ? Math.sqrt(squares / (probes - 1) / probes) : null, probes };
}
