import { compile } from '../autograd/compile.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { Graph, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/state/store.ts';
import type { BenchJob } from './benchAdapter.ts';

/**
 * A function of resident tensors as a job: traced once, replayed as one pass and one submit however often it is done.
 * @param inputs by name, with their values
 * @param trace from the inputs to the results, each kept in a state of its own
 * @param gather from the results' values to what is compared
 */
export async function basinProgram(
  gpu: Gpu,
  label: string,
  inputs: Readonly<Record<string, { shape: readonly number[]; values: Float32Array | Uint32Array }>>,
  trace: (tensors: Readonly<Record<string, Tensor>>, graph: Graph) => readonly Tensor[],
  gather: (results: readonly Float32Array[]) => Float32Array = ([only]) => only!,
): Promise<BenchJob> {
  const graph = new Graph();
  const states: State[] = [];
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values }]) => {
      const dtype = values instanceof Uint32Array ? 'u32' : 'f32';
      const state = new State(gpu, { label: name, shape, dtype });
      state.write(values);
      states.push(state);
      return [name, read(graph, state)];
    }),
  );
  const results = trace(tensors, graph).map((tensor, i) => {
    const state = new State(gpu, { label: `result ${i}`, shape: tensor.shape });
    store(state, tensor);
    return state;
  });
  const arena = new Arena(gpu);
  const program: Program = await compile(gpu, graph, { label, replicas: 1, arena, soon: true });
  return {
    run(times) {
      const encoder = gpu.device.createCommandEncoder({ label });
      const pass = encoder.beginComputePass({ label });
      for (let i = 0; i < times; i++) program.encode(pass);
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
    },
    read: async () => gather(await Promise.all(results.map((state) => state.read()))),
    profile: () => program.profile(),
    dispose() {
      for (const made of [program, arena, ...states, ...results]) made.dispose();
    },
  };
}
