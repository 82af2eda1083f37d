import { threefry2x32 } from './threefry.ts';

/**
 * ±1 with equal chance: element e of a probe from Threefry's key (seed, purpose) and counter (⌊e/64⌋, probe), a bit each. The
 * host's twin of the op.
 */
export function randomSigns(elements: number, seed: number, purpose: number, probe: number): Float32Array {
  const signs = new Float32Array(elements);
  for (let block = 0; block * 64 < elements; block++) {
    const words = threefry2x32(seed, purpose, block, probe);
    for (let bit = 0; bit < 64 && block * 64 + bit < elements; bit++) {
      signs[block * 64 + bit] = (words[bit >> 5]! >>> (bit & 31)) & 1 ? 1 : -1;
    }
  }
  return signs;
}
