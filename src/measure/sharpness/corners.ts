import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { add } from '../../ops/add.ts';
import { dot } from '../../ops/dot.ts';
import { dimension } from '../../ops/flat.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { store } from '../../ops/state/store.ts';
import { subtract } from '../../ops/subtract.ts';
import type { Point } from '../pass.ts';
import { pointBatch } from '../pointBatch.ts';
import type { SearchSpace } from './searchSpace.ts';

/** The most coordinates of which all corners are looked at, and the most that may cost: a product of a parameter with an example each. */
const MOST_COORDINATES = 12;
const MOST_WORK = 2 ** 26;

/** As how many such products a random entry of a subspace's column counts. */
const ENTRY = 50;

/** Corners that one program looks at, its replicas. */
const WAVE = 64;

/**
 * The corners of boxes in few coordinates: the largest loss of a convex function is at one of them, and at a stationary point no slope
 * tells which. All of them, in waves of replicas of one program; the host learns a number for each.
 */
export class Corners {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #coordinates: readonly number[];
  readonly #z: State;
  readonly #rises: State;
  readonly #program: Program;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    coordinates: readonly number[],
    parts: { readonly z: State; readonly rises: State; readonly program: Program },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#coordinates = coordinates;
    this.#z = parts.z;
    this.#rises = parts.rises;
    this.#program = parts.program;
  }

  /**
   * @returns null where there are more than 12 coordinates, the losses at all corners take more than 2²⁶ products of a parameter with an
   *   example, or the examples make ghost batches
   */
  static async open(gpu: Gpu, point: Point, space: SearchSpace): Promise<Corners | null> {
    const coordinates = Array.from({ length: space.length }, (_, i) => i).filter(space.moves);
    const { examples } = point.examples;
    const count = 2 ** coordinates.length;
    const each = dimension(point.layout) * (examples + ENTRY * (space.subspace ?? 0));
    const isFew = coordinates.length <= MOST_COORDINATES && count * each <= MOST_WORK;
    if (!isFew || point.ghostBatch !== undefined) return null;
    return Scope.make(async (scope) => {
      const replicas = Math.min(WAVE, count);
      const z = scope.own(new State(gpu, { label: 'corners', shape: [space.length], replicas }));
      const rises = scope.own(new State(gpu, { label: 'rises at corners', shape: [], replicas }));
      const counters = scope.own(new State(gpu, { label: 'all examples', shape: [3], dtype: 'u32' }));
      const graph = new Graph('corners');
      const indices = sampleIndices(graph, { mode: 'sequential', examples, counters }, examples);
      const batch = pointBatch(graph, point, indices);
      const moved = batch.at(add(batch.theta, space.toFull(read(graph, z))));
      store(rises, dot(batch.meanWeights, subtract(moved.losses, batch.losses)));
      const arena = scope.own(new Arena(gpu));
      const program = scope.own(await compile(gpu, graph, { label: 'corners', replicas, arena }));
      return new Corners(gpu, scope, coordinates, { z, rises, program });
    });
  }

  /** The corner z = ±r with the largest loss. */
  async best(radii: Float32Array): Promise<Float32Array> {
    const count = 2 ** this.#coordinates.length;
    let best = { corner: 0, rise: Number.NEGATIVE_INFINITY };
    for (let first = 0; first < count; first += this.#z.replicas) {
      for (let replica = 0; replica < this.#z.replicas; replica++) {
        this.#z.write(this.#at(first + replica, radii), { replica });
      }
      await submitAhead(this.#gpu, [this.#program]);
      for (const [replica, rise] of (await this.#rises.items()).entries()) {
        if (rise > best.rise) best = { corner: first + replica, rise };
      }
    }
    return this.#at(best.corner, radii);
  }

  /** The corner by the signs that the bits of its number are. */
  #at(corner: number, radii: Float32Array): Float32Array {
    const z = new Float32Array(radii.length);
    for (const [bit, i] of this.#coordinates.entries()) z[i] = (corner >> bit) & 1 ? radii[i]! : -radii[i]!;
    return z;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
