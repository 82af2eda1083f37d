import { jvp } from '../../autograd/jvp.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import type { Quantity } from '../quantity.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/**
 * This batch's part of H·v, forward over reverse (Pearlmutter 1994): several vectors share the primal pass.
 * @returns of a direction, flat [P], its product's part, flat [P]
 */
export function hessianOf(batch: TracedBatch): (direction: Tensor) => Tensor {
  const { graph, theta, layout } = batch;
  const gradient = batch.gradient(batch.meanWeights);
  return (direction) => jvp([gradient], [[theta, direction]])[0] ?? fill(graph, 0, [layout.length]);
}

/** H·v, flat [P]. @param direction flat [P], zero between the tensors */
export function hessianProduct(direction: Float32Array): Quantity<Float32Array> {
  return {
    given: { direction },
    trace(batch) {
      const { gathering, graph, layout } = batch;
      const v = read(graph, gathering.memory('direction', { shape: [layout.length] }));
      const product = gathering.sum('product', hessianOf(batch)(v));
      return { values: (later) => ({ product: product.in(later) }) };
    },
    read: ({ product }) => product as Float32Array,
  };
}
