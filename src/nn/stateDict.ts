import { elementCount, finiteFloat32, type HostTensor, showDtype } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import type { StateTensor } from './modelSpec.ts';

/** What a run's averages are under, each a state dict; and the variance of SWAG's captures, which is none. */
const AVERAGES = ['swa.', 'ema.', 'lawa.', 'swag.'];
const VARIANCE = 'swagVariance.';
/** num_batches_tracked is one unsigned integer on the device. */
const LARGEST_COUNT = 2 ** 32 - 1;

/** A state dict by name: float32, and the counts of batches as integers. */
export type StateValues = ReadonlyMap<string, Float32Array | Uint32Array>;

/** How many averages torch.optim.swa_utils.AveragedModel has taken, beside its `module.*`; no tensor of the model. */
const AVERAGED_COUNT = 'n_averaged';

/** Where a model's state dict is in a file. */
export interface StateDictPlace {
  /** Only names under it ("swa.", "module.", "replica.0."), and they without it. */
  readonly prefix?: string | undefined;
  /** The name in the file of each tensor, by its plain name, from matchModules; else they are the plain names. */
  readonly names?: ReadonlyMap<string, string> | undefined;
  /** What messages say finds tensors that are elsewhere: the command line's options if left out, nothing for null. */
  readonly hints?: PlaceHints | null;
}

/** How messages call the options that say where a state dict is. */
export interface PlaceHints {
  prefix(found: string): string;
  readonly byOrder: string;
}

const OPTIONS: PlaceHints = {
  prefix: (found) => `--weights-prefix ${found} (weights_prefix)`,
  byOrder: '--weights-by-order (weights_by_order)',
};

/**
 * Picks a model's state dict out of the tensors of a file.
 *
 * Without a prefix, averages (names under `swa.`, `ema.`, `lawa.`, `swag.`) are skipped; with one only names under it are looked at. A prefix that
 * names a replica ("replica.0.") picks one run out of a sweep's file, without its averages. `n_averaged` is skipped always.
 *
 * @param layout from stateDictLayout
 * @returns every tensor of the layout by its plain name, in its order; num_batches_tracked as one element
 * @throws InputError for unknown names, missing names (all are listed), a wrong shape or dtype, a NaN or infinity
 */
export function loadStateDict(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  layout: readonly StateTensor[],
  { prefix = '', names, hints = OPTIONS }: StateDictPlace = {},
): Map<string, Float32Array | Uint32Array> {
  const nameOf = (plain: string): string => names?.get(plain) ?? prefix + plain;
  const expected = new Set(layout.map((tensor) => nameOf(tensor.name)));
  for (const name of tensorsUnder(tensors, prefix)) {
    if (!expected.has(name)) {
      const hint = hints ? hintOf(name, tensors, layout, hints) : '';
      throw new InputError(file, name, `unknown name, expected ${list([...expected])}${hint}`);
    }
  }
  const missing = [...expected].filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    throw new InputError(file, list(missing), 'missing from the file, expected by the model');
  }
  return new Map(
    layout.map((tensor) => {
      const name = nameOf(tensor.name);
      return [tensor.name, load(file, name, tensors.get(name) as HostTensor, tensor)];
    }),
  );
}

/** Names under a prefix that are to be tensors of the model: not those of averages beside them. */
export function tensorsUnder(tensors: ReadonlyMap<string, HostTensor>, prefix: string): string[] {
  const holdsAverages = prefix === '' || /^replica\.\d+\.$/.test(prefix);
  return [...tensors.keys()].filter((name) => {
    if (!name.startsWith(prefix)) return false;
    const plain = name.slice(prefix.length);
    if (plain === AVERAGED_COUNT) return false;
    return !holdsAverages || ![...AVERAGES, VARIANCE].some((other) => plain.startsWith(other));
  });
}

/** The prefixes under which a run's file has state dicts: none for the last weights, their own for averages and replicas. */
export function stateDictPrefixes(names: Iterable<string>): string[] {
  const prefixes = new Set<string>();
  for (const name of names) {
    const replica = /^replica\.\d+\./.exec(name)?.[0] ?? '';
    const rest = name.slice(replica.length);
    if (rest.startsWith(VARIANCE)) continue;
    prefixes.add(replica + (AVERAGES.find((average) => rest.startsWith(average)) ?? ''));
  }
  return [...prefixes];
}

/** What finds the model's tensors in a file that has them under a prefix, or as modules of other names. */
function hintOf(
  name: string,
  tensors: ReadonlyMap<string, HostTensor>,
  layout: readonly StateTensor[],
  hints: PlaceHints,
): string {
  const plain = layout.find((tensor) => name.endsWith(`.${tensor.name}`))?.name;
  const prefix = plain === undefined ? undefined : name.slice(0, -plain.length);
  if (prefix !== undefined && layout.every((tensor) => tensors.has(prefix + tensor.name))) {
    return `; ${hints.prefix(prefix)} finds them`;
  }
  return (
    `; layers of the model may carry the "name" of their module, or ${hints.byOrder} matches modules ` +
    'by their shapes'
  );
}

/** A tensor of a state dict, row-major: float32, or a count of batches. */
export type StateDictTensor =
  | { readonly dtype: 'F32'; readonly shape: number[]; readonly data: Float32Array }
  | { readonly dtype: 'I64'; readonly shape: number[]; readonly data: BigInt64Array };

/**
 * A state dict as tensors to write to a file, under `prefix` if one is given. Counts become int64, as in PyTorch.
 *
 * @param values every tensor of the layout by its plain name
 * @throws Error if a value is missing or its length is not its shape's: a fault of the program, not of a file
 */
export function stateDictTensors(
  values: StateValues,
  layout: readonly StateTensor[],
  options: { prefix?: string } = {},
): Map<string, StateDictTensor> {
  return new Map(
    layout.map(({ name, shape, dtype }) => {
      const data = values.get(name);
      if (data?.length !== elementCount(shape)) {
        throw new Error(
          `state dict: ${name}: found ${data?.length ?? 'no'} elements, expected ${showShape(shape)}`,
        );
      }
      const tensor: StateDictTensor =
        dtype === 'I64'
          ? { dtype, shape, data: BigInt64Array.from([...data], (value) => BigInt(value)) }
          : { dtype, shape, data: data as Float32Array };
      return [(options.prefix ?? '') + name, tensor];
    }),
  );
}

function load(
  file: string,
  name: string,
  tensor: HostTensor,
  expected: StateTensor,
): Float32Array | Uint32Array {
  if (showShape(tensor.shape) !== showShape(expected.shape)) {
    throw new InputError(
      file,
      name,
      `found shape ${showShape(tensor.shape)}, expected ${showShape(expected.shape)}`,
    );
  }
  if (expected.dtype === 'F32') return finiteFloat32(file, name, tensor);
  if (tensor.dtype !== 'I64' && tensor.dtype !== 'I32') {
    throw new InputError(file, name, `found dtype ${showDtype(tensor)}, expected I64`);
  }
  const count = Number(tensor.data[0]);
  if (count < 0 || count > LARGEST_COUNT) {
    throw new InputError(file, name, `is ${count}, expected a count from 0 to ${LARGEST_COUNT}`);
  }
  return Uint32Array.of(count);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no tensors' : names.join(', ');
}
