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
 * The Hessian of the mean loss over a data set, as an operator: H·v, forward over reverse (Pearlmutter 1994), several
 * vectors sharing the primal pass. Compiled once, applied as often as wanted.
 */
export class Hessian {
  readonly #pass: Pass;
  readonly #directions: readonly State[];
  readonly #products: readonly State[];

  private constructor(pass: Pass, directions: readonly State[], products: readonly State[]) {
    this.#pass = pass;
    this.#directions = directions;
    this.#products = products;
  }

  /** @param width vectors that are multiplied in one pass over the data */
  static async open(gpu: Gpu, point: Point, width: number): Promise<Hessian> {
    const { layout, examples } = point;
    const states = (label: string): State[] =>
      Array.from(
        { length: width },
        (_, i) => new State(gpu, { label: `${label} ${i}`, shape: [layout.length] }),
      );
    const directions = states('direction');
    const products = states('Hessian product');
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
    return new Hessian(pass, directions, products);
  }

  /**
   * H·v of each vector, in as many passes as it takes.
   * @param vectors flat [P], zero between the tensors
   * @param progress is told how many examples are done, over all passes
   */
  async times(vectors: readonly Float32Array[], progress?: (done: number) => void): Promise<Float32Array[]> {
    const width = this.#directions.length;
    const results: Float32Array[] = [];
    let before = 0;
    for (let first = 0; first < vectors.length; first += width) {
      const some = vectors.slice(first, first + width);
      this.#directions.forEach((direction, i) => {
        direction.write(some[i] ?? new Float32Array(direction.elements));
      });
      for (const product of this.#products) product.write(new Float32Array(product.elements));
      let last = before;
      await this.#pass.run((done) => {
        last = before + done;
        progress?.(last);
      });
      before = last;
      const products = await Promise.all(this.#products.slice(0, some.length).map((state) => state.read()));
      results.push(...products);
    }
    return results;
  }

  dispose(): void {
    this.#pass.dispose();
    for (const state of [...this.#directions, ...this.#products]) state.dispose();
  }
}
