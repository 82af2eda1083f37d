import { purpose } from '../random/purpose.ts';
import { threefry2x32 } from '../random/threefry.ts';

/**
 * Which elements Dropout keeps, the device's twin on the host: element e is kept where word e mod 2 of Threefry with key
 * (seed, dropout + layer) and counter (step, ⌊e/2⌋) is at least p·2³².
 * @param layer index of the layer in the model, and of a layer with several Dropouts 2¹⁶ times which of them it is more
 * @param step updates made before this one
 */
export function dropoutMask(
  elements: number,
  { p, seed, layer, step }: { p: number; seed: number; layer: number; step: number },
): boolean[] {
  if (p === 1) return Array<boolean>(elements).fill(false);
  const threshold = Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32));
  return Array.from({ length: elements }, (_, e) => {
    return threefry2x32(seed, purpose.dropout + layer, step, e >> 1)[e & 1]! >= threshold;
  });
}
