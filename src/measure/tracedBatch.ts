import { type Cotangents, vjp } from '../autograd/vjp.ts';
import type { State } from '../gpu/state.ts';
import { exampleLosses } from '../nn/exampleLosses.ts';
import { forward } from '../nn/forward.ts';
import type { ForwardContext } from '../nn/forwardContext.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { broadcast } from '../ops/broadcast.ts';
import { fill } from '../ops/fill.ts';
import { type FlatLayout, pack, unpack } from '../ops/flat.ts';
import type { Graph, Tensor } from '../ops/graph.ts';
import { reshape } from '../ops/reshape.ts';
import { scale } from '../ops/scale.ts';
import { mean } from '../ops/sum.ts';
import { oneBatch } from './oneBatch.ts';
import { sharesForward } from './sharesForward.ts';

/** Something over all batches of a measurement, once all of them are in. */
export interface Gathered {
  /** Its value, in the trace of the last batch or of anything that runs after it. */
  in(graph: Graph): Tensor;
}

/** A state that a measurement keeps. */
export interface MemorySpec {
  readonly shape: readonly number[];
  readonly dtype?: 'f32' | 'u32';
  /** What it holds at first, if not zeros: of each replica the same, or its own initial parameters. */
  readonly initial?: (() => Float32Array | Uint32Array) | 'parameters';
  /** All replicas of a run have one together. */
  readonly shared?: boolean;
  /** Nothing writes it: a snapshot of the run has no need of it. */
  readonly constant?: boolean;
}

/** The mean over all units, and Σᵤ (gᵤ − ḡ)², of every coordinate; flat [P]. */
export interface GatheredMoments {
  readonly mean: Gathered;
  readonly centredSquares: Gathered;
}

/**
 * How the batches of a measurement come together: in a training step there is one, and what is gathered is there at once; over
 * a data set there are several, and it is a state that each adds to.
 */
export interface Gathering {
  /** Units of all batches together. */
  readonly units: number;
  /** There is but this batch: a step's. */
  readonly once: boolean;
  /** Σ over the batches; the name tells it from what else is gathered. */
  sum(name: string, term: Tensor): Gathered;
  /** A row a unit, [units of the batch, …] → [all units, …]; or a row an example. */
  rows(name: string, values: Tensor, of: 'units' | 'examples'): Gathered;
  /** Moments over the units, from those of a batch's. */
  moments(name: string, mean: Tensor, centredSquares: Tensor): GatheredMoments;
  /** This batch's rows of what has one for each unit: a state, or what was gathered. */
  rowsOf(all: State | Gathered): Tensor;
  /** Adds to a state that begins with zeros. */
  sumInto(state: State, term: Tensor): void;
  /** Puts the rows of this batch's units into a state that has one for each. */
  putRows(state: State, values: Tensor): void;
  /** Memory of the measurement's own, by name: what lies there stays from batch to batch, and from step to step of a run. */
  memory(name: string, spec: MemorySpec): State;
}

/** A model at one point and a batch of B examples, as far as the trace goes. */
export interface BatchOf {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  /** Flat [P]. */
  readonly theta: Tensor;
  readonly x: Tensor;
  readonly targets: Tensor;
  readonly context: ForwardContext;
}

/** How a batch's examples make units, and how batches come together. */
export interface Grouping {
  readonly unitSize: number;
  readonly gathering: Gathering;
}

/**
 * A batch of a model at one point, traced as far as its examples' losses: what a training step's gradient and every quantity
 * start from, in a step as over a data set. What two of them take of it alike, tangents and cotangents included, is merged
 * when the trace is compiled.
 */
export class TracedBatch {
  readonly graph: Graph;
  readonly layout: FlatLayout;
  readonly theta: Tensor;
  /** The tensors of θ, in the layout's order. */
  readonly parameters: readonly Tensor[];
  readonly outputs: Tensor;
  /** Labels [B], or values [B, K]. */
  readonly targets: Tensor;
  /** [B], each example's own. */
  readonly losses: Tensor;
  /** B */
  readonly examples: number;
  /** A unit is so many consecutive examples, of which the loss is the mean: one, or a small batch. */
  readonly unitSize: number;
  /** Units in this batch. */
  readonly units: number;
  readonly gathering: Gathering;
  /** Whether single units have losses of their own: not the examples that BatchNorm in train mode couples. */
  readonly hasUnits: boolean;
  /** The first so many examples of the data, at the same point. */
  readonly firstOf: (count: number) => BatchOf;
  /** What it was traced of. */
  readonly of: BatchOf;

  /** @param grouping.first the first so many examples of the data, at the same point, as a batch of their own */
  constructor(
    of: BatchOf,
    { unitSize, gathering, first }: Grouping & { readonly first: (count: number) => BatchOf },
  ) {
    const { model, layout, theta, x, targets, context } = of;
    this.of = of;
    this.graph = theta.node.graph;
    this.layout = layout;
    this.theta = theta;
    this.parameters = unpack(theta, layout);
    this.outputs = forward(model, this.parameters, x, context);
    this.targets = targets;
    this.losses = exampleLosses(model.loss, this.outputs, targets);
    this.examples = x.shape[0]!;
    this.unitSize = unitSize;
    this.units = this.examples / unitSize;
    // Over a data set of ghost batches each batch is a unit.
    const apart = context.ghostBatch !== undefined || (unitSize === this.examples && gathering.units > 1);
    this.hasUnits = apart || !isCoupled({ model, context });
    this.gathering = gathering;
    this.firstOf = first;
  }

  /**
   * In a step, the same batch for what differentiates its losses forward, once or twice: with the step's own forward pass where its kernels
   * stay what they are (`sharesForward`), else traced again, so that nothing is merged with what the step makes of it. Dropout drops the
   * same; no running statistics are kept. Over a data set it is this one.
   */
  forTangents(): TracedBatch {
    const { of, gathering, unitSize, firstOf: first } = this;
    if (!gathering.once || sharesForward(of.model)) return this;
    // Parameters of another list of entries are others to whoever merges what is alike.
    const layout = { ...of.layout, entries: [...of.layout.entries] };
    const { buffers: _, ...context } = of.context;
    return new TracedBatch({ ...of, layout, context }, { unitSize, gathering, first });
  }

  /** The first examples of the data, whatever batch this is: where a quantity is of fixed ones. */
  first(count: number): TracedBatch {
    const { graph, gathering, firstOf: first } = this;
    const of = first(count);
    // One batch, whichever of how many it is taken beside: nothing of it adds up.
    const whole = oneBatch(graph, of.x.shape[0]!, gathering.memory);
    return new TracedBatch(of, { unitSize: 1, gathering: whole, first });
  }

  /**
   * The same examples at other parameters, flat [P]: traced anew as far as their losses, and what does not depend on the parameters is
   * merged with this trace. Nothing of it brings running statistics up to date.
   */
  at(theta: Tensor): TracedBatch {
    const { of, unitSize, gathering, firstOf } = this;
    const { buffers, ...context } = of.context;
    const still = context.mode === 'eval' ? of.context : context;
    const first = (count: number): BatchOf => ({ ...firstOf(count), theta });
    return new TracedBatch({ ...of, theta, context: still }, { unitSize, gathering, first });
  }

  /** The same batch for another who gathers: names are told apart by this one. */
  as(name: string): TracedBatch {
    const { gathering } = this;
    const named: Gathering = {
      ...gathering,
      sum: (of, term) => gathering.sum(`${name} ${of}`, term),
      rows: (of, values, what) => gathering.rows(`${name} ${of}`, values, what),
      moments: (of, first, second) => gathering.moments(`${name} ${of}`, first, second),
      memory: (of, spec) => gathering.memory(`${name} ${of}`, spec),
    };
    return this.with({ gathering: named, unitSize: this.unitSize });
  }

  /** The same losses, by other units. */
  with({ unitSize, gathering }: Grouping): TracedBatch {
    const changes = { unitSize, gathering, units: this.examples / unitSize };
    return Object.assign(Object.create(TracedBatch.prototype) as TracedBatch, this, changes);
  }

  /** Weights [units] of the units' mean losses, as those of the examples' losses, [B]. */
  weigh(weights: Tensor): Tensor {
    const { unitSize, units, examples } = this;
    if (unitSize === 1) return weights;
    if (units === 1) {
      return scale(broadcast(reshape(weights, []), [examples], { from: 0, to: 1 }), 1 / unitSize);
    }
    const spread = broadcast(weights, [units, unitSize], { from: 1, to: 2 });
    return scale(reshape(spread, [examples]), 1 / unitSize);
  }

  /** What each example's loss weighs in the mean over all units, [B]. */
  get meanWeights(): Tensor {
    const { graph, units, examples, gathering } = this;
    // In a step all examples weigh alike, whatever the units.
    if (gathering.once) return fill(graph, 1 / examples, [examples]);
    return this.weigh(fill(graph, 1 / gathering.units, [units]));
  }

  /** Mean over the examples of each unit: [B] → [units]. */
  ofUnits(values: Tensor): Tensor {
    const { units, unitSize } = this;
    if (unitSize === 1) return values;
    return units === 1
      ? reshape(mean(values), [1])
      : mean(reshape(values, [units, unitSize]), { from: 1, to: 2 });
  }

  /** Cotangents of the parameters for weights [B] of the examples' losses. */
  cotangents(weights: Tensor): Cotangents {
    return vjp([[this.losses, weights]], this.parameters);
  }

  /** Σ over the examples of weight × gradient, by parameter. */
  gradients(weights: Tensor): readonly Tensor[] {
    return this.whole(this.cotangents(weights));
  }

  /** Cotangents with zeros where the loss does not depend on a parameter. */
  whole({ of }: Pick<Cotangents, 'of'>): readonly Tensor[] {
    return of.map((g, i) => g ?? fill(this.graph, 0, this.parameters[i]!.shape));
  }

  /** The same, flat [P]. */
  gradient(weights: Tensor): Tensor {
    return pack(this.layout, [...this.gradients(weights)]);
  }
}
