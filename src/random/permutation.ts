import { purpose } from './purpose.ts';
import { threefry2x32 } from './threefry.ts';

const ROUNDS = 6;
const GOLDEN = 0x9e3779b9;

/**
 * Image of `index` under a permutation of [0, n) that (seed, epoch) picks: computed for one index at a time, no
 * table. Integers only, the same on the device (shaders/sampling/indices.wgsl).
 *
 * A Feistel network permutes [0, 4^h), the smallest such domain that holds n; an image of n or more is permuted again
 * until it falls below n (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002), fewer
 * than 4 times on average. The two round keys, used in turn, are Threefry's words for key (seed, shuffle) and
 * counter (epoch, 0).
 *
 * @param n from 1 to 2³² − 1
 */
export function permutedIndex(seed: number, epoch: number, n: number, index: number): number {
  if (n === 1) return 0;
  const [key0, key1] = threefry2x32(seed, purpose.shuffle, epoch, 0);
  const halfBits = (33 - Math.clz32(n - 1)) >>> 1;
  const mask = 2 ** halfBits - 1;
  let value = index;
  do {
    let left = value >>> halfBits;
    let right = value & mask;
    for (let round = 0; round < ROUNDS; round++) {
      const key = (round % 2 === 0 ? key0 : key1) + Math.imul(GOLDEN, round);
      const image = (left ^ mix(right ^ key)) & mask;
      left = right;
      right = image;
    }
    value = ((left << halfBits) | right) >>> 0;
  } while (value >= n);
  return value;
}

/** A bijective hash of u32 that lets every input bit reach every output bit (multipliers from the hash-prospector search). */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0x735a2d97);
  return x ^ (x >>> 15);
}
