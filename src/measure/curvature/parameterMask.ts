import type { Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import type { FlatLayout } from '../../ops/flat.ts';

/** Ones where a flat vector [P] has parameters and zeros between its tensors, on the host. */
export function maskValues({ entries, length }: FlatLayout): Float32Array {
  const values = new Float32Array(length);
  for (const { offset, elements } of entries) values.fill(1, offset, offset + elements);
  return values;
}

/** The same on the device: what random vectors are multiplied by. */
export function parameterMask(gpu: Gpu, layout: FlatLayout): State {
  const mask = new State(gpu, { label: 'parameter mask', shape: [layout.length] });
  mask.write(maskValues(layout));
  return mask;
}
