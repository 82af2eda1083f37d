import type { StateTensor } from '../nn/modelSpec.ts';
import { stateDictTensors } from '../nn/stateDict.ts';
import { writeSafetensors } from './safetensors.ts';

/**
 * A state dict as the bytes of a safetensors file, under `prefix` if one is given. To put several into one file
 * (last weights and `swa.*`), merge the maps of stateDictTensors and write those.
 */
export function saveStateDict(
  values: ReadonlyMap<string, Float32Array>,
  layout: readonly StateTensor[],
  options: { prefix?: string } = {},
): Uint8Array<ArrayBuffer> {
  return writeSafetensors(stateDictTensors(values, layout, options));
}
