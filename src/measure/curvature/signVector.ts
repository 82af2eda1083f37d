import type { FlatLayout } from '../../ops/flat.ts';
import { purpose } from '../../random/purpose.ts';
import { randomSigns } from '../../random/randomSigns.ts';

/** Random signs of all parameters, zero between the tensors: flat [P], on the host. @param probe which of those of a seed */
export function signVector({ entries, length }: FlatLayout, seed: number, probe: number): Float32Array {
  const signs = randomSigns(length, seed, purpose.parameterSigns, probe);
  const vector = new Float32Array(length);
  for (const { offset, elements } of entries) vector.set(signs.subarray(offset, offset + elements), offset);
  return vector;
}
