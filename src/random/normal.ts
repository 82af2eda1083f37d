import { purpose } from './purpose.ts';
import { threefry2x32 } from './threefry.ts';

/**
 * A standard normal number for each (seed, stream, example, element), by Box and Muller in float64: √(−2 ln u)·cos 2πv
 * with u in (0, 1] and v in [0, 1) of 32 bits each. Browsers may differ in the last bit of ln and cos, which rounding
 * to float32 all but hides.
 *
 * @param stream a number of the data set's own, so that two of its random quantities are independent
 */
export function normal(seed: number, stream: number, example: number, element: number): number {
  return normalOf(threefry2x32(seed, purpose.syntheticData + stream, element, example));
}

/** Two words of 32 random bits as a standard normal number. */
export function normalOf([first, second]: readonly [number, number]): number {
  const u = (first + 1) * 2 ** -32;
  const v = second * 2 ** -32;
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}
