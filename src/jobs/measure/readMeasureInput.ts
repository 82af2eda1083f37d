import { readSafetensors } from '../../data/safetensors.ts';
import type { Gpu } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import { type StateTensor, stateDictLayout } from '../../nn/modelSpec.ts';
import { loadStateDict, type StateValues } from '../../nn/stateDict.ts';
import type { JobHost } from '../jobEvent.ts';
import { type PointInput, readPointInput } from '../readPointInput.ts';
import type { MeasureSettings } from './measureSpec.ts';
import { WORDS } from './warnings.ts';

/** What a measurement reads, in host memory. */
export interface MeasureInput extends PointInput {
  /** What the Hessian is to be multiplied by, by the parameters' names. */
  readonly vector: StateValues | null;
}

/**
 * Reads the files of a measurement.
 * @throws InputError for a file that is refused, for files that do not fit each other, and for a batch that does not fit on
 *   the device
 */
export async function readMeasureInput(
  gpu: Gpu,
  spec: MeasureSettings,
  host: JobHost,
): Promise<MeasureInput> {
  const input = await readPointInput(gpu, spec, host, WORDS, (coupled) => {
    if (spec.operator !== 'empirical-fisher' || spec.ghost_batch !== undefined || !coupled) return;
    throw new InputError(
      'measure',
      'operator',
      'empirical-fisher needs examples with gradients of their own, and BatchNorm in train mode couples them; ' +
        'take --eval, or --ghost-batch',
    );
  });
  const vector =
    spec.hvp === undefined ? null : await readVector(spec.hvp, stateDictLayout(input.model), host);
  return { ...input, vector };
}

/** A vector by state-dict names of parameters; what a state dict holds beside them is left alone. */
async function readVector(path: string, layout: readonly StateTensor[], host: JobHost): Promise<StateValues> {
  const tensors = readSafetensors(path, await host.read(path));
  for (const { name, kind } of layout) if (kind === 'buffer') tensors.delete(name);
  return loadStateDict(
    path,
    tensors,
    layout.filter(({ kind }) => kind === 'parameter'),
  );
}
