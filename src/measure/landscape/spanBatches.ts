import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { forward } from '../../nn/forward.ts';
import type { ForwardContext } from '../../nn/forwardContext.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { combine } from '../../ops/combine.ts';
import { Graph, size, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { joinRows } from '../../ops/perExample/joinRows.ts';
import { reshape } from '../../ops/reshape.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import { type Examples, gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { take } from '../../ops/state/take.ts';
import { passBatches } from '../evaluation/passBatches.ts';
import type { AffineSpan } from './affineSpan.ts';
import { type FirstLayer, firstLayer } from './firstLayer.ts';

/** Examples on the device at once: their activations at all points of a wave should stay in the cache. */
export const MICRO_BATCH = 256;

/** Numbers that the first layer's outputs of all examples may take: 128 MiB, which every adapter binds. */
const LARGEST_OUTPUTS = 2 ** 25;

/**
 * The first layer, where its outputs over all examples are kept: z(θ₀) and z(b_k), of which those at a point are the same
 * combination as its parameters are. Depends on the model, the data and the number of vectors alone, never on how many points
 * are computed at once. Null where every point has to have it computed.
 */
export function keptLayer(
  model: ModelSpec,
  { exampleShape, examples }: Pick<Examples, 'exampleShape' | 'examples'>,
  directions: number,
): FirstLayer | null {
  const first = firstLayer(model, exampleShape);
  return first && directions * examples * first.width <= LARGEST_OUTPUTS ? first : null;
}

/** How a data set goes through the model at all points of a span: in file order, in batches of one size and what is left. */
export interface SpanBatchesOptions {
  readonly model: ModelSpec;
  readonly examples: Examples;
  /** MICRO_BATCH by default. */
  readonly batchSize?: number;
}

/** The model over the batches of a data set, at all points of a span at once. */
export class SpanBatches {
  readonly span: AffineSpan;
  readonly model: ModelSpec;
  readonly examples: Examples;
  /** Of the batches, in order. */
  readonly sizes: readonly number[];
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #first: FirstLayer | null;
  /** z(θ₀), [N, width], and z(b_k), of each batch in turn those of all k. */
  readonly #start: Kept | null;
  readonly #along: Kept | null;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    span: AffineSpan,
    { model, examples }: SpanBatchesOptions,
    sizes: readonly number[],
    kept: { first: FirstLayer | null; start: Kept | null; along: Kept | null },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.span = span;
    this.model = model;
    this.examples = examples;
    this.sizes = sizes;
    this.#first = kept.first;
    this.#start = kept.start;
    this.#along = kept.along;
  }

  static open(gpu: Gpu, span: AffineSpan, options: SpanBatchesOptions): Promise<SpanBatches> {
    const { model, examples, batchSize = MICRO_BATCH } = options;
    const sizes = passBatches(examples.examples, batchSize);
    return Scope.make(async (scope) => {
      const first = keptLayer(model, examples, span.count);
      const kept = { first, start: null as Kept | null, along: null as Kept | null };
      if (first) {
        const keep = (label: string, of: State, vectors: ((graph: Graph) => Tensor[])[]) =>
          keepOutputs(gpu, scope, { label, of, vectors, first, examples, sizes });
        if (span.origin)
          kept.start = await keep('origin', span.origin, [(graph) => span.originTensors(graph)]);
        const directions = Array.from(
          { length: span.count },
          (_, k) => (graph: Graph) => span.directionTensors(graph, k),
        );
        kept.along = await keep('directions', span.directions, directions);
      }
      return new SpanBatches(gpu, scope, span, options, sizes, kept);
    });
  }

  /**
   * The model's outputs at every point for the next batch, and what they should be.
   * @param counters of which the cursor says where the batch begins
   */
  outputs(
    graph: Graph,
    batch: number,
    counters: State,
    context: ForwardContext,
  ): { readonly outputs: Tensor; readonly targets: Tensor } {
    const { span, model, examples } = this;
    const indices = sampleIndices(
      graph,
      { mode: 'sequential', examples: examples.examples, counters },
      batch,
    );
    const first = this.#first;
    const along = this.#along?.outputs;
    if (!first || !along) {
      const [x, targets] = gather(examples, indices);
      return { outputs: forward(model, span.pointTensors(graph, 0), x, context), targets };
    }
    const start = this.#start?.outputs;
    const data = start ?? along;
    // A row of a batch's in `along` is no example's, but all of them together lie as they do there.
    const [taken, targets] = gather(
      { ...examples, data, elements: 'floats', exampleShape: [data.shape[1]!] },
      indices,
    );
    const length = batch * first.width;
    const rows = reshape(start ? take(graph, along, batch, counters) : taken, [span.count, length]);
    const z = combine(start ? reshape(taken, [length]) : null, rows, read(graph, span.coefficients));
    const h = reshape(z, [batch, ...first.outputShape]);
    const later = span.pointTensors(graph, first.parameters);
    return { outputs: forward(model, later, h, context, first.layer + 1), targets };
  }

  /** Brings what is kept to the vectors as they are, and the points to the coefficients. Does not wait. */
  async prepare(): Promise<void> {
    for (const kept of [this.#start, this.#along]) {
      if (!kept || kept.madeOf === kept.of.version) continue;
      kept.madeOf = kept.of.version;
      for (const size of this.sizes) await submitAhead(this.#gpu, [kept.programs.get(size)!]);
    }
    await this.span.place();
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** The first layer's outputs over all examples by some vectors of parameters, and the programs that compute them, by batch size. */
interface Kept {
  readonly of: State;
  readonly outputs: State;
  readonly programs: ReadonlyMap<number, Program>;
  madeOf: number;
}

async function keepOutputs(
  gpu: Gpu,
  scope: Scope,
  {
    label,
    of,
    vectors,
    first,
    examples,
    sizes,
  }: {
    label: string;
    of: State;
    vectors: readonly ((graph: Graph) => Tensor[])[];
    first: FirstLayer;
    examples: Examples;
    sizes: readonly number[];
  },
): Promise<Kept> {
  const total = examples.examples;
  const width = vectors.length * first.width;
  const counters = scope.own(new State(gpu, { label: `${label} counters`, shape: [3], dtype: 'u32' }));
  const outputs = scope.own(
    new State(gpu, { label: `first outputs of the ${label}`, shape: [total, width] }),
  );
  const arena = scope.own(new Arena(gpu));
  const programs = new Map<number, Program>();
  for (const batch of new Set(sizes)) {
    const graph = new Graph();
    const [x] = gather(
      examples,
      sampleIndices(graph, { mode: 'sequential', examples: total, counters }, batch),
    );
    const each = vectors.map((tensors) => {
      const z = first.apply(tensors(graph).slice(0, first.parameters), x);
      return reshape(z, [batch, size(z.shape) / batch]);
    });
    const all = each.length === 1 ? each[0]! : joinRows(each, 1);
    append(outputs, reshape(all, [batch, width]), counters);
    advance(graph, counters, batch, total);
    const made = compile(gpu, graph, { label: `first outputs B=${batch}`, replicas: 1, arena });
    programs.set(batch, scope.own(await made));
  }
  return { of, outputs, programs, madeOf: -1 };
}
