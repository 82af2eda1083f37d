import { jvp } from '../autograd/jvp.ts';
import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { add } from '../ops/add.ts';
import { fill } from '../ops/fill.ts';
import { pack } from '../ops/flat.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/store.ts';
import { Pass, type Point } from './pass.ts';

/**
 * H·v of the mean loss over a data set for several vectors, forward over reverse (Pearlmutter 1994); the vectors share
 * the primal pass.
 * @param vectors flat [P] each, zero between the tensors
 * @returns flat [P] each
 */
export async function hessianProducts(
  gpu: Gpu,
  point: Point,
  vectors: readonly Float32Array[],
  progress?: (done: number) => void,
): Promise<Float32Array[]> {
  const { layout, examples } = point;
  const flat = (label: string): State => new State(gpu, { label, shape: [layout.length] });
  const directions = vectors.map((values, i) => {
    const state = flat(`direction ${i}`);
    state.write(values);
    return state;
  });
  const products = vectors.map((_, i) => flat(`Hessian product ${i}`));
  const pass = await Pass.open(
    gpu,
    'Hessian products',
    point,
    ({ graph, batch, theta, parameters, losses }) => {
      // The mean over all examples, so that the sum over micro-batches is the product itself.
      const each = fill(graph, 1 / examples.examples, [batch]);
      const { of } = vjp([[losses, each]], parameters);
      const gradient = pack(
        layout,
        of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape)),
      );
      directions.forEach((direction, i) => {
        const [product] = jvp([gradient], [[theta, read(graph, direction)]]);
        if (product) store(products[i]!, add(read(graph, products[i]!), product));
      });
    },
  );
  try {
    await pass.run(progress);
    return await Promise.all(products.map((state) => state.read()));
  } finally {
    pass.dispose();
    for (const state of [...directions, ...products]) state.dispose();
  }
}
