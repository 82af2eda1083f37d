import { compile } from '../../autograd/compile.ts';
import { jvp } from '../../autograd/jvp.ts';
import { perExample } from '../../autograd/perExample.ts';
import { vjp } from '../../autograd/vjp.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { State } from '../../gpu/state.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { forward, parameterLayout } from '../../nn/forward.ts';
import { initialStateDict } from '../../nn/init.ts';
import { fill } from '../../ops/fill.ts';
import { pack, unpack } from '../../ops/flat.ts';
import { Graph, size, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { store } from '../../ops/state/store.ts';
import { uniform } from '../uniform.ts';
import type { CurvatureModel } from './curvatureModels.ts';

/** What a program computes at one point, of the mean loss of one batch. */
export interface Wanted {
  readonly gradient: boolean;
  /** Hessian products with so many vectors, from one primal pass. */
  readonly products: number;
  /** Mean gradient, centred squares and per-example norms. */
  readonly moments: boolean;
}

/** A program over a resident batch, with its inputs and results. */
export class CurvatureProgram {
  readonly program: Program;
  readonly directions: readonly Float32Array[];
  readonly #products: readonly State[];
  readonly #made: readonly { dispose(): void }[];

  private constructor(
    program: Program,
    directions: readonly Float32Array[],
    products: readonly State[],
    made: readonly { dispose(): void }[],
  ) {
    this.program = program;
    this.directions = directions;
    this.#products = products;
    this.#made = made;
  }

  static async open(
    gpu: Gpu,
    { name, model, inputShape, classes }: CurvatureModel,
    batch: number,
    wanted: Wanted,
  ): Promise<CurvatureProgram> {
    const states: State[] = [];
    const state = (label: string, shape: readonly number[], values?: Float32Array | Uint32Array): State => {
      const made = new State(gpu, { label, shape, dtype: values instanceof Uint32Array ? 'u32' : 'f32' });
      if (values) made.write(values);
      states.push(made);
      return made;
    };
    const layout = parameterLayout(model);
    const initial = new Map([...initialStateDict(model, 1)].map(([key, { data }]) => [key, data]));
    const directions = Array.from({ length: wanted.products }, (_, i) =>
      flatValues(
        layout,
        new Map(
          layout.entries.map((e, tensor) => [e.name, uniform(e.elements, 100 * (i + 1) + tensor, -1, 1)]),
        ),
      ),
    );
    const x = state('batch', [batch, ...inputShape], uniform(batch * size(inputShape), 1, 0, 1));
    const labels = state('labels', [batch], Uint32Array.from(uniform(batch, 2, 0, classes)));
    const point = state('parameters', [layout.length], flatValues(layout, initial));

    const graph = new Graph();
    const theta = read(graph, point);
    const parameters = unpack(theta, layout);
    const outputs = forward(model, parameters, read(graph, x), { mode: 'train' });
    const losses = exampleLosses(model.loss, outputs, read(graph, labels));
    const each = fill(graph, wanted.moments ? 1 : 1 / batch, [batch]);
    const cotangents = vjp([[losses, each]], parameters);
    const keep = (label: string, tensor: Tensor): State => {
      const made = state(label, tensor.shape);
      store(made, tensor);
      return made;
    };
    const gradient = pack(
      layout,
      cotangents.of.map((g) => g!),
    );
    if (wanted.gradient) keep('gradient', gradient);
    const products = directions.map((values, i) => {
      const direction = read(graph, state(`direction ${i}`, [layout.length], values));
      return keep(`product ${i}`, jvp([gradient], [[theta, direction]])[0]!);
    });
    if (wanted.moments) {
      const moments = perExample(cotangents, parameters).map((each) => each.moments());
      for (const what of ['gradient', 'centredSquares'] as const) {
        keep(
          what,
          pack(
            layout,
            moments.map((moment) => moment[what]),
          ),
        );
      }
      moments.forEach(({ normSq }, i) => {
        keep(`norms ${i}`, normSq);
      });
    }
    const arena = new Arena(gpu);
    const program = await compile(gpu, graph, { label: `curvature of ${name}`, replicas: 1, arena });
    return new CurvatureProgram(program, directions, products, [program, arena, ...states]);
  }

  /** Runs once. */
  async readProducts(): Promise<Float32Array[]> {
    this.program.run();
    return Promise.all(this.#products.map((state) => state.read()));
  }

  dispose(): void {
    for (const made of this.#made) made.dispose();
  }
}
