import type { HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import type { State } from './state.ts';

/**
 * States under names: all that a run must be given again to go on as if it had never stopped. Read whole into host tensors and
 * written back, whatever their kind: of each replica [R, …] or shared, floats or integers, bit for bit. It frees none of them.
 */
export class StateSet {
  readonly #states = new Map<string, State>();

  /**
   * Takes a state in under a name.
   * @throws Error if the name is taken
   */
  add(name: string, state: State): State {
    if (this.#states.has(name)) throw new Error(`there is a state "${name}" already`);
    this.#states.set(name, state);
    return state;
  }

  get names(): string[] {
    return [...this.#states.keys()];
  }

  /** All values as they are after all that was submitted: the copies are submitted before this waits. */
  async read(): Promise<Map<string, HostTensor>> {
    const read = [...this.#states].map(async ([name, state]): Promise<[string, HostTensor]> => {
      const words = await state.readAll();
      const shape = shapeOf(state);
      return state.dtype === 'u32'
        ? [name, { dtype: 'U32', shape, data: words }]
        : [name, { dtype: 'F32', shape, data: new Float32Array(words.buffer) }];
    });
    return new Map(await Promise.all(read));
  }

  /**
   * Writes all values back, or none.
   * @param file how messages name where the tensors are from
   * @throws InputError for a name that is not known, one that is missing, another shape or another type
   */
  write(file: string, tensors: ReadonlyMap<string, HostTensor>): void {
    for (const name of tensors.keys()) {
      if (this.#states.has(name)) continue;
      throw new InputError(file, name, `unknown name, expected the states ${this.names.join(', ')}`);
    }
    for (const [name, state] of this.#states) requireLike(file, name, tensors.get(name), state);
    for (const [name, state] of this.#states) {
      state.writeAll(tensors.get(name)!.data as Float32Array | Uint32Array);
    }
  }
}

function shapeOf({ shape, replicas, replicated }: State): number[] {
  return [...(replicated ? [replicas] : []), ...shape];
}

function requireLike(file: string, name: string, tensor: HostTensor | undefined, state: State): void {
  const [shape, dtype] = [showShape(shapeOf(state)), state.dtype === 'u32' ? 'U32' : 'F32'];
  if (!tensor) throw new InputError(file, name, `missing from the file, expected ${dtype} ${shape}`);
  if (tensor.dtype === dtype && showShape(tensor.shape) === shape) return;
  throw new InputError(
    file,
    name,
    `found ${tensor.dtype} ${showShape(tensor.shape)}, expected ${dtype} ${shape}`,
  );
}
