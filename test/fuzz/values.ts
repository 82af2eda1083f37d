/** What the elements of a state are drawn from. Every number is exact in float32. */
export type Kind =
  /** Multiples of 1/64 in [−2, 2), so that equal ones and zeros are met. */
  | 'signed'
  /** Multiples of 1/64 in [1/2, 2]. */
  | 'positive'
  /** As `signed`, with ±∞, NaN and −0 among them. */
  | 'wild'
  /** 0 or 1 */
  | 'mask'
  | 'zeros'
  /** Any u32. */
  | 'words'
  /** u32 below the number. */
  | { readonly below: number }
  | { readonly list: readonly number[] }
  /** These, rounded to float32. */
  | { readonly floats: readonly number[] };

/** The content of a state: the same for the same arguments. */
export function values(kind: Kind, elements: number, seed: number): Float32Array | Uint32Array {
  let word = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const next = (): number => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return word >>> 0;
  };
  if (kind === 'words') return Uint32Array.from({ length: elements }, next);
  if (typeof kind === 'object') {
    if ('floats' in kind) return Float32Array.from(kind.floats);
    if ('list' in kind) return Uint32Array.from(kind.list);
    return Uint32Array.from({ length: elements }, () => (next() >>> 8) % kind.below);
  }
  const WILD = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -0];
  const one: Record<typeof kind, () => number> = {
    signed: () => ((next() >>> 8) % 256) / 64 - 2,
    positive: () => ((next() >>> 8) % 97) / 64 + 0.5,
    wild: () => ((next() >>> 8) % 4 === 0 ? WILD[(next() >>> 8) % 4]! : ((next() >>> 8) % 256) / 64 - 2),
    mask: () => (next() >>> 8) % 2,
    zeros: () => 0,
  };
  return Float32Array.from({ length: elements }, one[kind]);
}
