import type { Interval } from './interval.ts';

/** An estimate. */
export interface Measured {
  /** Null where it cannot be had, or is no finite number. */
  readonly value: number | null;
  /** Standard error of the value over the examples (units), probes included; null where there is none. */
  readonly stderr: number | null;
  /** The 95 % interval of what it is an estimate of, the true gradient's and Hessian's number: an end is null at infinity. */
  readonly interval: Interval | null;
}

/** An estimate in which there are random probes. */
export interface ProbedMeasured extends Measured {
  /** The part of the standard error that more probes would lessen; null where there are no probes. */
  readonly probeStderr: number | null;
}

/** A value with its error, where there is one. */
export function measured(
  value: number | null,
  error: { readonly stderr: number; readonly interval: Interval | null } | null | undefined,
): Measured {
  return { value, stderr: error?.stderr ?? null, interval: error?.interval ?? null };
}

/** A number under its name, with its standard error and interval beside it, as results have them. */
export function namedEstimate(name: string, { value, stderr, interval }: Measured): Record<string, unknown> {
  return { [name]: value, [`${name}Stderr`]: stderr, [`${name}Interval`]: interval };
}
