import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';

/** One of n parts of the cells, the i-th from 1 on. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** @param text `2/4` @throws InputError */
export function readShard(text: string): Shard {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (shard.index >= 1 && shard.index <= shard.of) return shard;
  throw new InputError(
    'reproduce',
    'shard',
    `is ${showValue(text)}, expected i/n with i from 1 to n: 2/4 is the second of four`,
  );
}

/** Whether the cell at a place, counted from 0 over all claims, is the shard's: every n-th is. */
export function isOf(place: number, shard: Shard | undefined): boolean {
  return shard === undefined || place % shard.of === shard.index - 1;
}
