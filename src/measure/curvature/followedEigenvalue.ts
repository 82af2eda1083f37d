import { compile } from '../../autograd/compile.ts';
import { jvp } from '../../autograd/jvp.ts';
import { vjp } from '../../autograd/vjp.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { forward } from '../../nn/forward.ts';
import { add } from '../../ops/add.ts';
import { axpy, scaleBy, scaleToUnit } from '../../ops/combine.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import { pack, unpack } from '../../ops/flat.ts';
import { Graph, type Tensor } from '../../ops/graph.ts';
import { inverseSqrt } from '../../ops/inverseSqrt.ts';
import { read } from '../../ops/leaf.ts';
import { multiply } from '../../ops/multiply.ts';
import { offset } from '../../ops/offset.ts';
import { reshape } from '../../ops/reshape.ts';
import { randomVector } from '../../ops/restart.ts';
import { scale } from '../../ops/scale.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import { gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { store } from '../../ops/state/store.ts';
import { tridiagonalTop } from '../../ops/tridiagonalTop.ts';
import { purpose } from '../../random/purpose.ts';
import { randomSigns } from '../../random/randomSigns.ts';
import type { Point } from '../pass.ts';

export interface FollowOptions {
  /** Steps of Lanczos's process at each look, 16 or fewer: so many Hessian products, and one more for the residual. */
  readonly steps: number;
  /** Looks that are kept for the host. */
  readonly looks: number;
  /** Of the first start vector and of what is mixed in at each look. */
  readonly seed?: number;
}

/** What a look found. */
export interface FollowedValue {
  /** The vector's Rayleigh quotient. */
  readonly value: number;
  /** |Hv − λv| of the unit vector, from a product of its own. */
  readonly residual: number;
}

/** Norm of what is mixed into a unit vector. */
const MIXED = 0.01;

/** What is left of a vector in its own direction is no zero, so that no quotient is NaN. */
const TINY = 1e-30;

/**
 * The largest (algebraic) eigenvalue of the Hessian of a fixed subset's mean loss, followed while the parameters move: a few
 * steps of Lanczos's process (1950), each look starting from the last one's eigenvector. One recorded program without
 * anything from the host, which may run inside the submits of a training run; all its products share one primal pass.
 *
 * A vector that is an eigenvector spans all of its Krylov space. Where another eigenvalue overtakes, of which it has no part (another
 * block of a Hessian that falls into blocks: units that are dead, a head that is not used), the old one would be followed
 * for ever, with a perfect residual. So each look starts from the last vector with 1 % of a random one mixed in: of the steps, all
 * but one are then a search of their own, that finds what has overtaken within a few looks. By the seed and the look's number.
 */
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

  /** @param point the parameters, as they are whenever the program runs, and the examples: one batch */
  static open(gpu: Gpu, point: Point, options: FollowOptions): Promise<FollowedEigenvalue> {
    return Scope.make((scope) => FollowedEigenvalue.#open(gpu, point, options, scope));
  }

  static async #open(
    gpu: Gpu,
    { model, layout, theta, examples, context }: Point,
    { steps, looks, seed = 0 }: FollowOptions,
    scope: Scope,
  ): Promise<FollowedEigenvalue> {
    const { replicated, replicas: count } = theta;
    const replicas = replicated ? count : undefined;
    const state = (label: string, shape: readonly number[]): State =>
      scope.own(new State(gpu, { label: `followed ${label}`, shape, replicas }));
    const shared = (label: string, shape: readonly number[], dtype: 'f32' | 'u32'): State =>
      scope.own(new State(gpu, { label: `followed ${label}`, shape, dtype }));
    const [vector, values, residuals] = [
      state('eigenvector', [layout.length]),
      state('eigenvalues', [looks]),
      state('residuals', [looks]),
    ];
    const counters = shared('looks', [3], 'u32');
    const inOrder = shared('examples', [3], 'u32');
    const seeds = shared('seed', [1], 'u32');
    const mask = shared('mask', [layout.length], 'f32');
    seeds.write(Uint32Array.of(seed));
    const [initial, ones] = [new Float32Array(layout.length), new Float32Array(layout.length)];
    const signs = randomSigns(layout.length, seed, purpose.parameterSigns, 0);
    for (const { offset: at, elements } of layout.entries) {
      initial.set(signs.subarray(at, at + elements), at);
      ones.fill(1, at, at + elements);
    }
    mask.write(ones);
    for (let replica = 0; replica < count; replica++) vector.write(initial, { replica });

    const graph = new Graph();
    const batch = examples.examples;
    const indices = sampleIndices(graph, { mode: 'sequential', examples: batch, counters: inOrder }, batch);
    const [x, targets] = gather(examples, indices);
    const point = read(graph, theta);
    const parameters = unpack(point, layout);
    const losses = exampleLosses(model.loss, forward(model, parameters, x, context), targets);
    const { of } = vjp([[losses, fill(graph, 1 / batch, [batch])]], parameters);
    const gradient = pack(
      layout,
      of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape)),
    );
    const product = (direction: Tensor): Tensor => jvp([gradient], [[point, direction]])[0]!;

    const mixed = scaleToUnit(randomVector(graph, { purpose: purpose.followedMix, seeds, counters, mask }));
    const start = scaleToUnit(add(scaleToUnit(read(graph, vector)), scale(mixed, MIXED)));
    const found = lanczosTop(product, start, steps);
    const moved = product(found);
    const value = dot(found, moved);
    const residual = normSq(axpy(value, found, moved, -1));
    append(values, reshape(value, [1]), counters);
    append(residuals, reshape(residual, [1]), counters);
    store(vector, found);
    advance(graph, counters, 1, looks);
    const arena = scope.own(new Arena(gpu));
    const label = 'followed eigenvalue';
    const program = scope.own(await compile(gpu, graph, { label, replicas: count, arena }));
    return new FollowedEigenvalue(program, values, residuals, scope);
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

/** The unit vector of the largest Ritz value after so many steps of the three-term recurrence from a unit vector. */
function lanczosTop(product: (v: Tensor) => Tensor, start: Tensor, steps: number): Tensor {
  const vectors = [start];
  const diagonal: Tensor[] = [];
  const beside: Tensor[] = [];
  for (let j = 0; j < steps; j++) {
    const v = vectors[j]!;
    const moved = product(v);
    const rest = j === 0 ? moved : axpy(beside[j - 1]!, vectors[j - 1]!, moved, -1);
    const along = dot(rest, v);
    diagonal.push(along);
    if (j === steps - 1) break;
    const left = axpy(along, v, rest, -1);
    const square = offset(normSq(left), TINY);
    const inverse = inverseSqrt(square);
    beside.push(multiply(square, inverse));
    vectors.push(scaleBy(inverse, left));
  }
  const { vector } = tridiagonalTop(diagonal, beside);
  const ritz = vectors.reduce<Tensor | null>(
    (sum, v, j) => (sum ? axpy(vector[j]!, v, sum) : scaleBy(vector[j]!, v)),
    null,
  )!;
  return scaleToUnit(ritz);
}
