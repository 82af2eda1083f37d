import type { ByteSource } from '../host/byteSource.ts';
import { printable } from '../host/showValue.ts';
import { describeMatch, matchModules } from '../nn/matchModules.ts';
import type { StateTensor } from '../nn/modelSpec.ts';
import { loadStateDict, type StateValues } from '../nn/stateDict.ts';
import { readSafetensors } from './safetensors.ts';

/** How a description of a run says where in a file the weights are. */
export interface WeightsOptions {
  readonly weights_prefix?: string | undefined;
  readonly weights_by_order?: boolean | undefined;
}

/**
 * A model's state dict from a file, by the names of the layout, or with `weights_by_order` by matchModules.
 * @param note takes what was inferred
 * @throws InputError
 */
export async function readWeights(
  path: string,
  layout: readonly StateTensor[],
  { weights_prefix: prefix, weights_by_order: byOrder }: WeightsOptions,
  host: ByteSource,
  note: (text: string) => void,
): Promise<StateValues> {
  const tensors = readSafetensors(path, await host.read(path));
  if (!byOrder) return loadStateDict(path, tensors, layout, { prefix });
  const names = matchModules(path, tensors, layout, prefix);
  note(`${printable(path)}: modules by order: ${printable(describeMatch(names), 2000)}`);
  return loadStateDict(path, tensors, layout, { prefix, names });
}
