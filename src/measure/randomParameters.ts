import { InputError } from '../host/inputError.ts';
import { requireSeed } from '../host/requireNumber.ts';
import { showValue } from '../host/showValue.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { normalOf } from '../random/normal.ts';
import { purpose } from '../random/purpose.ts';
import { randomSigns } from '../random/randomSigns.ts';
import { threefry2x32 } from '../random/threefry.ts';

/** A random vector of parameters. */
export interface RandomVector {
  /** Standard normal numbers; or ±1 with equal chance, which by a seed are the first probe of a trace's. */
  readonly random: 'normal' | 'signs';
  /** In [0, 2³²); 0 by default. */
  readonly seed?: number;
}

/**
 * Random numbers at the layout's tensors, flat; zeros between them.
 * @throws InputError for another distribution or a seed that is none
 */
export function randomParameters(
  { entries, length }: FlatLayout,
  { random, seed = 0 }: RandomVector,
): Float32Array {
  requireSeed('vector', 'seed', seed);
  if (random !== 'normal' && random !== 'signs') {
    throw new InputError('vector', 'random', `is ${showValue(random)}, expected 'normal' or 'signs'`);
  }
  const values = new Float32Array(length);
  const signs = random === 'signs' ? randomSigns(length, seed, purpose.parameterSigns, 0) : null;
  for (const { offset, elements } of entries) {
    for (let at = offset; at < offset + elements; at++) {
      values[at] = signs ? signs[at]! : normalOf(threefry2x32(seed, purpose.parameterNormals, at, 0));
    }
  }
  return values;
}
