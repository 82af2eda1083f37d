/** A number and its standard error over examples (units); null where one is not known. */
export interface Spread {
  readonly value: number | null;
  readonly stderr: number | null;
}

/** A number with its standard error. */
export function spreadOf(value: number | null, stderr: number | null): Spread {
  return { value, stderr };
}
