import type { Expected, Values } from './trial.ts';

/** Where a result is farthest from what it must be, as a part of what is allowed there. */
export interface Deviation {
  /** Error over what is allowed: above 1 it is wrong. Infinite where a number is missing. */
  readonly ratio: number;
  readonly error: number;
  readonly tolerance: number;
  /** Of the element in its result. */
  readonly at: number;
  readonly found: number;
  readonly expected: number;
  /** Elements that are wrong, of those that were compared. */
  readonly wrong: number;
  readonly compared: number;
  /** Which of the trial's results, and of which replica. */
  readonly result: number;
  readonly replica: number;
}

/** How far a result is from what it must be. */
export function deviation(
  found: Values,
  { values, tolerance, at }: Expected,
): Omit<Deviation, 'result' | 'replica'> {
  const compared = values.length;
  let worst = { ratio: -1, error: 0, tolerance: 0, at: 0, found: Number.NaN, expected: Number.NaN };
  let wrong = 0;
  if (!at && found.length !== compared) {
    return { ...worst, ratio: Infinity, error: Infinity, wrong: compared, compared };
  }
  for (let i = 0; i < compared; i++) {
    const wanted = values[i]!;
    const place = at ? at[i]! : i;
    const value = found[place]!;
    const allowed = typeof tolerance === 'number' ? tolerance : tolerance[i]!;
    const same = value === wanted || (Number.isNaN(value) && Number.isNaN(wanted));
    const difference = Math.abs(value - wanted);
    const error = same ? 0 : Number.isNaN(difference) ? Infinity : difference;
    const ratio = error === 0 ? 0 : error / allowed;
    if (ratio > 1) wrong++;
    if (ratio > worst.ratio)
      worst = { ratio, error, tolerance: allowed, at: place, found: value, expected: wanted };
  }
  return { ...worst, wrong, compared };
}

export function sameBits(a: Values, b: Values): boolean {
  const [left, right] = [a, b].map(({ buffer, byteOffset, length }) => {
    return new Uint32Array(buffer, byteOffset, length);
  }) as [Uint32Array, Uint32Array];
  return left.length === right.length && left.every((word, i) => word === right[i]);
}
