import type { Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { dimension } from '../../ops/flat.ts';
import { store } from '../../ops/state/store.ts';
import { unitVector } from '../../ops/unitVector.ts';
import type { Estimate } from '../statistics/estimate.ts';
import type { LinearOperator } from './operator.ts';
import { Samples } from './samples.ts';

/**
 * The diagonal of A, [P] without what lies between the tensors: P products, as many in a pass as the operator has
 * directions. Nothing is uploaded or read back between them.
 */
export async function diagonalOf(gpu: Gpu, operator: LinearOperator): Promise<Float32Array> {
  const { layout, directions } = operator;
  const P = dimension(layout);
  const samples = new Samples(gpu, P + directions.length);
  try {
    const places = samples.own(new State(gpu, { label: 'coordinates', shape: [P], dtype: 'u32' }));
    const coordinates = layout.entries.flatMap(({ offset, elements }) =>
      Array.from({ length: elements }, (_, i) => offset + i),
    );
    places.write(Uint32Array.from(coordinates));
    const draw = await samples.program('unit vectors', (graph) => {
      const along = { places, counters: samples.counters };
      directions.forEach((direction, i) => {
        store(direction, unitVector(graph, along, layout.length, i));
      });
    });
    const forms = await samples.quadraticForms(operator);
    for (let done = 0; done < P; done += directions.length) {
      await submitAhead(gpu, [draw]);
      await operator.apply([forms]);
    }
    return Float32Array.from(await samples.read(P));
  } finally {
    samples.dispose();
  }
}

/** tr A from every coordinate: P products. */
export async function exactTrace(gpu: Gpu, operator: LinearOperator): Promise<Estimate> {
  const diagonal = await diagonalOf(gpu, operator);
  return { value: diagonal.reduce((sum, value) => sum + value, 0), stderr: 0, probes: diagonal.length };
}
