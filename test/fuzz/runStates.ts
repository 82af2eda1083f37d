import type { Gpu } from '../../src/gpu/device.ts';
import type { Program } from '../../src/gpu/program.ts';
import type { State } from '../../src/gpu/state.ts';
import type { Initial } from './tracing.ts';

/** What every state holds, one array a replica, in the order of the states. */
export type Contents = readonly (readonly (Float32Array | Uint32Array)[])[];

/**
 * Runs a program `runs` times in a row, and all of it again from the same start.
 * @returns what the states hold after each run of the first time and of the second
 * @throws if the device refuses what the program records
 */
export async function runStates(
  gpu: Gpu,
  program: Program,
  states: readonly Initial[],
  runs: number,
): Promise<readonly [Contents[], Contents[]]> {
  const { device } = gpu;
  const places: { state: State; replica: number; at: number }[] = [];
  let bytes = 0;
  for (const { state } of states) {
    for (let replica = 0; replica < state.replicas; replica++) {
      places.push({ state, replica, at: bytes });
      bytes += 4 * state.elements;
    }
  }
  const staging = device.createBuffer({
    label: 'fuzz read-back',
    size: Math.max(4, 2 * runs * bytes),
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  device.pushErrorScope('validation');
  for (let time = 0; time < 2; time++) {
    for (const { state, content } of states) {
      for (const [replica, values] of content.entries()) state.write(values, { replica });
    }
    const encoder = device.createCommandEncoder({ label: 'fuzz' });
    for (let run = 0; run < runs; run++) {
      const pass = encoder.beginComputePass({ label: 'fuzz' });
      program.encode(pass);
      pass.end();
      const base = (time * runs + run) * bytes;
      for (const { state, replica, at } of places) {
        const from = 4 * replica * state.replicaStride;
        encoder.copyBufferToBuffer(state.buffer, from, staging, base + at, 4 * state.elements);
      }
    }
    device.queue.submit([encoder.finish()]);
  }
  const refused = device.popErrorScope();
  try {
    const error = await refused;
    if (error) throw new Error(`the device refuses the program: ${error.message}`);
    await staging.mapAsync(GPUMapMode.READ);
    const all = staging.getMappedRange().slice(0);
    const contentsAt = (base: number): Contents => {
      const perState = new Map<State, (Float32Array | Uint32Array)[]>(states.map(({ state }) => [state, []]));
      for (const { state, at } of places) {
        const Values = state.dtype === 'u32' ? Uint32Array : Float32Array;
        perState.get(state)!.push(new Values(all, base + at, state.elements));
      }
      return states.map(({ state }) => perState.get(state)!);
    };
    const series = (time: number): Contents[] =>
      Array.from({ length: runs }, (_, run) => contentsAt((time * runs + run) * bytes));
    return [series(0), series(1)];
  } finally {
    staging.destroy();
  }
}
