import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { store } from '../../src/ops/state/store.ts';
import { testGpu } from './device.ts';

export interface Operand {
  readonly shape: readonly number[];
  /** One array for a shared operand, one a replica for a replicated one. */
  readonly values: Float32Array | Uint32Array | readonly (Float32Array | Uint32Array)[];
}

/**
 * Traces a function of the given operands, compiles and runs it once.
 * @returns the values of each result: an array a replica (one if it is shared); of integers the bits
 */
export async function evaluate(
  operands: readonly Operand[],
  f: (inputs: Tensor[], graph: Graph) => readonly Tensor[],
  replicas = 1,
): Promise<Float32Array[][]> {
  const gpu = await testGpu();
  const graph = new Graph();
  const arena = new Arena(gpu);
  const states: State[] = [];
  const inputs = operands.map(({ shape, values }, i) => {
    const each = Array.isArray(values) ? (values as Float32Array[]) : null;
    const first = (each?.[0] ?? values) as Float32Array | Uint32Array;
    const dtype = first instanceof Uint32Array ? 'u32' : 'f32';
    const state = new State(gpu, {
      label: `operand ${i}`,
      shape,
      dtype,
      replicas: each ? replicas : undefined,
    });
    states.push(state);
    for (const [replica, v] of (each ?? [first]).entries()) state.write(v, { replica });
    return read(graph, state);
  });
  const outputs = f(inputs, graph).map((tensor, i) => {
    const state = new State(gpu, {
      label: `result ${i}`,
      shape: tensor.shape,
      dtype: tensor.dtype,
      replicas: tensor.replicated ? replicas : undefined,
    });
    states.push(state);
    store(state, tensor);
    return state;
  });
  const program = await compile(gpu, graph, { label: 'test', replicas, arena });
  program.run();
  const results = await Promise.all(
    outputs.map((state) => Promise.all(Array.from({ length: state.replicas }, (_, r) => bitsOf(state, r)))),
  );
  program.dispose();
  arena.dispose();
  for (const state of states) state.dispose();
  return results;
}

async function bitsOf(state: State, replica: number): Promise<Float32Array> {
  return new Float32Array((await state.readU32(replica)).buffer);
}

/** Numbers in [−1, 1), different for each seed, equal on each run. */
export function randomValues(elements: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0 || 1;
  return Float32Array.from({ length: elements }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}
