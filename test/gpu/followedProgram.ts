import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { Program } from '../../src/gpu/program.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { State } from '../../src/gpu/state.ts';
import {
  type FollowedValue,
  type Following,
  followedEigenvalue,
} from '../../src/measure/curvature/followedEigenvalue.ts';
import { firstExamples } from '../../src/measure/firstExamples.ts';
import { Memory } from '../../src/measure/memory.ts';
import { oneBatch } from '../../src/measure/oneBatch.ts';
import type { Point } from '../../src/measure/pass.ts';
import { type BatchOf, TracedBatch } from '../../src/measure/tracedBatch.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { reshape } from '../../src/ops/reshape.ts';
import { advance } from '../../src/ops/state/advance.ts';
import { append } from '../../src/ops/state/append.ts';

/** The eigenvalue followed by a program of its own, to be run whenever a look is wanted. */
export class FollowedEigenvalue {
  readonly program: Program;
  readonly #values: State;
  readonly #residuals: State;
  readonly #scope: Scope;

  private constructor(program: Program, values: State, residuals: State, scope: Scope) {
    this.program = program;
    this.#values = values;
    this.#residuals = residuals;
    this.#scope = scope;
  }

  /**
   * @param point the parameters, as they are whenever the program runs, and the examples: one batch
   * @param options.looks that are kept for the host
   */
  static open(
    gpu: Gpu,
    point: Point,
    options: Omit<Following, 'examples'> & { readonly looks: number },
  ): Promise<FollowedEigenvalue> {
    return Scope.make((scope) => FollowedEigenvalue.#open(gpu, point, options, scope));
  }

  static async #open(
    gpu: Gpu,
    { model, layout, theta, examples, context }: Point,
    { looks, ...options }: Omit<Following, 'examples'> & { readonly looks: number },
    scope: Scope,
  ): Promise<FollowedEigenvalue> {
    const { replicated, replicas } = theta;
    const memory = new Memory(gpu, scope, replicated ? replicas : undefined);
    const graph = new Graph();
    const count = examples.examples;
    const first = (taken: number): BatchOf => {
      const here = firstExamples(graph, examples, taken, memory);
      return { model, layout, theta: read(graph, theta), ...here, context };
    };
    const gathering = oneBatch(graph, count, (name, spec) => memory.state(name, spec));
    const batch = new TracedBatch(first(count), { unitSize: 1, gathering, first });
    const { values } = followedEigenvalue({ ...options, examples: count }).trace(batch);
    const kept = (label: string): State => memory.state(label, { shape: [looks] });
    const [eigenvalues, residuals] = [kept('eigenvalues'), kept('residuals')];
    const counters = memory.state('looks kept', { shape: [3], dtype: 'u32', shared: true });
    const { value, residual } = values!(graph);
    append(eigenvalues, reshape(value!, [1]), counters);
    append(residuals, reshape(residual!, [1]), counters);
    advance(graph, counters, 1, looks);
    memory.begin();
    const arena = scope.own(new Arena(gpu));
    const program = scope.own(await compile(gpu, graph, { label: 'followed eigenvalue', replicas, arena }));
    return new FollowedEigenvalue(program, eigenvalues, residuals, scope);
  }

  /** The looks so far, oldest first until they are overwritten. Waits for what was submitted. */
  async read(replica = 0): Promise<FollowedValue[]> {
    const [values, squares] = await Promise.all([this.#values.read(replica), this.#residuals.read(replica)]);
    return Array.from(values, (value, i) => ({ value, residual: Math.sqrt(squares[i]!) }));
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
