/**
 * Threefry-2x32-20, a counter-based random generator: the same key and counter give the same two words on every
 * machine, so draws need no state and no order.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, §4.2. The rotation
 * distances and the key-schedule parity constant are the paper's.
 */

const PARITY = 0x1bd11bda;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/**
 * Two random u32 words for one key and one counter.
 *
 * By convention key = (seed, purpose), see purpose.ts; what the counter counts belongs to the purpose.
 * Arguments are taken modulo 2³².
 */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
): [number, number] {
  const keys = [key0 | 0, key1 | 0, PARITY ^ key0 ^ key1] as const;
  let x0 = (counter0 + keys[0]) | 0;
  let x1 = (counter1 + keys[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (const distance of ROTATIONS[(group % 2) as 0 | 1]) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << distance) | (x1 >>> (32 - distance))) ^ x0;
    }
    x0 = (x0 + keys[((group + 1) % 3) as 0 | 1 | 2]) | 0;
    x1 = (x1 + keys[((group + 2) % 3) as 0 | 1 | 2] + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** The upper 24 bits of a u32 word as a number in [0, 1): a multiple of 2⁻²⁴, so exact in float32. */
export function uniform01(bits: number): number {
  return (bits >>> 8) * 2 ** -24;
}
