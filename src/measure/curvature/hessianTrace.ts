import type { Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { dimension } from '../../ops/flat.ts';
import { read } from '../../ops/leaf.ts';
import { store } from '../../ops/state/store.ts';
import { unitVector } from '../../ops/unitVector.ts';
import type { Point } from '../pass.ts';
import type { Estimate } from '../statistics/estimate.ts';
import type { CurvatureKind } from './operator.ts';
import { type FormOperator, QuadraticForms } from './quadraticForms.ts';
import { Samples } from './samples.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/**
 * The diagonal of A, [P] without what lies between the tensors: the forms of P unit vectors, as many in a pass as the operator
 * has directions. Nothing is uploaded or read back between them.
 */
export async function diagonalOf(gpu: Gpu, operator: FormOperator): Promise<Float32Array> {
  const { layout, directions, forms } = operator;
  const P = dimension(layout);
  const width = directions.replicas;
  const rounds = Math.ceil(P / width);
  const samples = new Samples(gpu, { width, rounds });
  try {
    const places = samples.own(new State(gpu, { label: 'coordinates', shape: [P], dtype: 'u32' }));
    const coordinates = layout.entries.flatMap(({ offset, elements }) =>
      Array.from({ length: elements }, (_, i) => offset + i),
    );
    places.write(Uint32Array.from(coordinates));
    const draw = await samples.program('unit vectors', (graph) => {
      store(directions, unitVector(graph, { places, counters: samples.counters }, layout.length));
    });
    const take = await samples.program('diagonal', (graph) => samples.put(graph, read(graph, forms)));
    for (let round = 0; round < rounds; round++) {
      await submitAhead(gpu, [draw]);
      await operator.apply([take]);
    }
    return Float32Array.from(await samples.read(P));
  } finally {
    samples.dispose();
  }
}

/**
 * tr A from every coordinate. A layer's coordinates are unit vectors that leave all before the layer where it is, and none of them needs
 * what is not on the diagonal: they are measured in the layer's own block, and cost a part of a forward pass each.
 */
export async function exactTrace(gpu: Gpu, point: Point, kind: CurvatureKind): Promise<Estimate> {
  let [value, probes] = [0, 0];
  for (const block of layersOf(point)) {
    const elements = block.reduce((total, i) => total + point.layout.entries[i]!.elements, 0);
    const forms = await QuadraticForms.open(gpu, point, vectorsAtOnce(point, elements), kind, block);
    try {
      const diagonal = await diagonalOf(gpu, forms);
      value += diagonal.reduce((sum, each) => sum + each, 0);
      probes += elements;
    } finally {
      forms.dispose();
    }
  }
  return { value, stderr: 0, probes };
}

/** Places in the layout of the parameters of each layer. */
function layersOf({ layout: { entries } }: Pick<Point, 'layout'>): readonly (readonly number[])[] {
  const layers = new Map<string, number[]>();
  entries.forEach(({ name }, i) => {
    const layer = name.slice(0, name.lastIndexOf('.'));
    layers.set(layer, [...(layers.get(layer) ?? []), i]);
  });
  return [...layers.values()];
}
