import type { Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import type { FlatLayout } from '../../ops/flat.ts';

/** Ones where a flat vector [P] has parameters and zeros between its tensors: what random vectors are multiplied by. */
export function parameterMask(gpu: Gpu, { entries, length }: FlatLayout): State {
  const values = new Float32Array(length);
  for (const { offset, elements } of entries) values.fill(1, offset, offset + elements);
  const mask = new State(gpu, { label: 'parameter mask', shape: [length] });
  mask.write(values);
  return mask;
}
