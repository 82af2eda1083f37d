import { compile } from '../autograd/compile.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import { Turns } from '../host/turns.ts';
import { dot } from '../ops/dot.ts';
import { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/state/store.ts';

interface Parts {
  readonly pair: readonly [State, State];
  readonly product: State;
  readonly program: Program;
}

/** What has a flat vector, until it is freed: looked at when its turn comes. */
interface Holder {
  readonly state: State;
}

/** Scalar products of flat vectors on the device: compiled at the first one, one at a time. */
export class VectorProducts {
  readonly #gpu: Gpu;
  readonly #length: number;
  readonly #scope = new Scope();
  readonly #turns = new Turns();
  #parts: Parts | null = null;

  constructor(gpu: Gpu, length: number) {
    this.#gpu = gpu;
    this.#length = length;
  }

  /** Σ aᵢbᵢ, summed in float32 in blocks of a fixed order. */
  dot(a: Holder, b: Holder): Promise<number> {
    return this.#turns.take(async () => {
      this.#parts ??= await this.#open();
      const { pair, product, program } = this.#parts;
      pair[0].copyFrom(a.state);
      pair[1].copyFrom(b.state);
      await submitAhead(this.#gpu, [program]);
      return (await product.read())[0]!;
    });
  }

  async #open(): Promise<Parts> {
    const parts = await Scope.make(async (scope) => {
      const flat = (label: string): State =>
        scope.own(new State(this.#gpu, { label, shape: [this.#length] }));
      const pair = [flat('first factor'), flat('second factor')] as const;
      const product = scope.own(new State(this.#gpu, { label: 'scalar product', shape: [] }));
      const arena = scope.own(new Arena(this.#gpu));
      const graph = new Graph();
      store(product, dot(read(graph, pair[0]), read(graph, pair[1])));
      const program = scope.own(
        await compile(this.#gpu, graph, { label: 'scalar product', replicas: 1, arena }),
      );
      return { pair, product, program, scope };
    });
    this.#scope.own(parts.scope);
    return parts;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
