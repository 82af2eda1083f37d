import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import { purpose } from '../nn/purpose.ts';
import { randomSigns } from '../ops/randomSigns.ts';
import { store } from '../ops/store.ts';
import { type Estimate, estimateFrom } from './estimate.ts';
import type { LinearOperator } from './operator.ts';
import { parameterMask } from './parameterMask.ts';
import { Samples } from './samples.ts';

/** tr A by Hutchinson's probes: the mean of vᵀAv over vectors of random signs. Nothing is read back but their values. */
export async function estimateTrace(
  gpu: Gpu,
  operator: LinearOperator,
  { probes, seed }: { readonly probes: number; readonly seed: number },
): Promise<Estimate> {
  const { layout, directions } = operator;
  const width = directions.length;
  const samples = new Samples(gpu, probes + width);
  try {
    const stream = {
      purpose: purpose.parameterSigns,
      seeds: samples.seed(seed),
      counters: samples.counters,
      mask: samples.own(parameterMask(gpu, layout)),
    };
    const draw = await samples.program('random signs', (graph) => {
      directions.forEach((direction, i) => {
        store(direction, randomSigns(graph, stream, layout.length, i));
      });
    });
    const forms = await samples.quadraticForms(operator);
    for (let done = 0; done < probes; done += width) {
      await submitAhead(gpu, [draw]);
      await operator.apply([forms]);
    }
    return estimateFrom(await samples.read(probes));
  } finally {
    samples.dispose();
  }
}

/** The diagonal of A, [P] without what lies between the tensors: P products, nothing read back between them. */
export async function diagonalOf(gpu: Gpu, operator: LinearOperator): Promise<Float32Array> {
  const { layout, directions, products } = operator;
  const places = layout.entries.flatMap(({ offset, elements }) =>
    Array.from({ length: elements }, (_, i) => offset + i),
  );
  const diagonal = new State(gpu, { label: 'diagonal', shape: [places.length] });
  try {
    for (let first = 0; first < places.length; first += directions.length) {
      const group = places.slice(first, first + directions.length);
      const before = gpu.device.createCommandEncoder({ label: 'unit vectors' });
      for (const { buffer } of directions) before.clearBuffer(buffer);
      gpu.device.queue.submit([before.finish()]);
      group.forEach((place, i) => {
        directions[i]!.write(Float32Array.of(1), { at: place });
      });
      await operator.apply();
      const after = gpu.device.createCommandEncoder({ label: 'diagonal' });
      group.forEach((place, i) => {
        after.copyBufferToBuffer(products[i]!.buffer, 4 * place, diagonal.buffer, 4 * (first + i), 4);
      });
      gpu.device.queue.submit([after.finish()]);
    }
    return await diagonal.read();
  } finally {
    diagonal.dispose();
  }
}

/** tr A from every coordinate: P products. */
export async function exactTrace(gpu: Gpu, operator: LinearOperator): Promise<Estimate> {
  const diagonal = await diagonalOf(gpu, operator);
  return { value: diagonal.reduce((sum, value) => sum + value, 0), stderr: 0, probes: diagonal.length };
}
