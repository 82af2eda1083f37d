import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import { orLost } from '../../gpu/orLost.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State, type StateOptions } from '../../gpu/state.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { forward } from '../../nn/forward.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { inferShapes, type ModelSpec } from '../../nn/modelSpec.ts';
import { axpy } from '../../ops/combine.ts';
import { conv2d } from '../../ops/conv2d.ts';
import { type FlatLayout, flatLayout, part, unpack } from '../../ops/flat.ts';
import { Graph, size, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { linear } from '../../ops/linear.ts';
import { reshape } from '../../ops/reshape.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import { gather } from '../../ops/state/gather.ts';
import { record } from '../../ops/state/record.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { type Point, requireOneModel } from '../pass.ts';

/** Examples on the device at once: their activations at every ε should stay in the cache. */
const MICRO_BATCH = 256;

/**
 * The loss over all examples at θ − εd, for a grid of ε whose points are replicas of one program, along as many
 * directions d as wanted. The host learns losses only.
 *
 * The first layer is linear in its parameters: its outputs along the line are z − ε·dz, z the same for all directions and
 * kept on the device, dz one product a direction. What comes after it is computed at every ε.
 */
export class LossAlongLine {
  /** d, flat [P]: written by other programs. */
  readonly direction: State;
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #rates: State;
  readonly #counters: State;
  readonly #ring: State;
  readonly #batches: readonly { readonly size: number; readonly program: Program }[];
  #lines = 0;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    parts: {
      direction: State;
      rates: State;
      counters: State;
      ring: State;
      batches: readonly { size: number; program: Program }[];
    },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.direction = parts.direction;
    this.#rates = parts.rates;
    this.#counters = parts.counters;
    this.#ring = parts.ring;
    this.#batches = parts.batches;
  }

  /**
   * @param points of the grid
   * @param lines directions whose losses are kept on the device until they are read
   * @throws RangeError for parameters of several replicas
   * @throws where BatchNorm in train mode couples the examples
   */
  static async open(
    gpu: Gpu,
    point: Point,
    grid: { readonly points: number; readonly lines: number },
  ): Promise<LossAlongLine> {
    if (isCoupled(point))
      throw new Error('BatchNorm in train mode couples the examples; measure in eval mode');
    // The points of the line are the program's replicas; the model is one.
    requireOneModel('the loss along a line', point);
    return Scope.make((scope) => LossAlongLine.#open(gpu, scope, point, grid));
  }

  static async #open(
    gpu: Gpu,
    scope: Scope,
    point: Point,
    { points, lines }: { readonly points: number; readonly lines: number },
  ): Promise<LossAlongLine> {
    const { model, layout, examples, context } = point;
    const total = examples.examples;
    const sizes = microBatches(total);
    const arena = scope.own(new Arena(gpu));
    const state = (options: StateOptions): State => scope.own(new State(gpu, options));
    const direction = state({ label: 'direction', shape: [layout.length] });
    const rates = state({ label: 'rates of the line', shape: [], replicas: points });
    const counters = state({ label: 'line counters', shape: [3], dtype: 'u32' });
    const ring = state({ label: 'losses along lines', shape: [lines * sizes.length, 1], replicas: points });
    const sampler = { mode: 'sequential' as const, examples: total, counters };

    const first = firstLayer(model, examples.exampleShape);
    let start: State | null = null;
    if (first) {
      const outputs = state({ label: 'first outputs', shape: [total, size(first.outputShape)] });
      start = outputs;
      counters.write(Uint32Array.of(0, 0, 0));
      await Scope.within(async (once) => {
        const fills = new Map<number, Program>();
        for (const batch of new Set(sizes)) {
          const graph = new Graph();
          const [x] = gather(examples, sampleIndices(graph, sampler, batch));
          const z = first.apply(unpack(read(graph, point.theta), layout), x);
          append(outputs, reshape(z, [batch, size(first.outputShape)]), counters);
          advance(graph, counters, batch, total);
          const made = compile(gpu, graph, { label: `first outputs B=${batch}`, replicas: 1, arena });
          fills.set(batch, once.own(await made));
        }
        for (const batch of sizes) fills.get(batch)!.run();
        await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
      });
    }

    const programs = new Map<number, Program>();
    for (const batch of new Set(sizes)) {
      const graph = new Graph();
      const indices = sampleIndices(graph, sampler, batch);
      const [x, targets] = gather(examples, indices);
      const [theta, d, rate] = [read(graph, point.theta), read(graph, direction), read(graph, rates)];
      let outputs: Tensor;
      if (first && start) {
        const rows = { data: start, bytes: false, exampleShape: [start.shape[1]!] };
        const [z] = gather({ ...examples, ...rows }, indices);
        const dz = first.apply(unpack(d, layout), x);
        const along = axpy(rate, reshape(dz, [size(dz.shape)]), reshape(z, [size(z.shape)]), -1);
        const later = afterEntry(layout, first.parameters);
        const [thetaLater, dLater] = [later.of(theta), later.of(d)];
        const moved = dLater && thetaLater ? unpack(axpy(rate, dLater, thetaLater, -1), later.layout) : [];
        outputs = forward(model, moved, reshape(along, dz.shape), context, first.layer + 1);
      } else {
        outputs = forward(model, unpack(axpy(rate, d, theta, -1), layout), x, context);
      }
      const losses = exampleLosses(model.loss, outputs, targets);
      record({ counters, ring, examples: total }, losses, []);
      const made = compile(gpu, graph, { label: `line B=${batch}`, replicas: points, arena });
      programs.set(batch, scope.own(await made));
    }
    counters.write(Uint32Array.of(0, 0, 0));
    const batches = sizes.map((batch) => ({ size: batch, program: programs.get(batch)! }));
    return new LossAlongLine(gpu, scope, { direction, rates, counters, ring, batches });
  }

  /** The grid, one ε a replica, for the directions to come; no losses may be waiting to be read. */
  setRates(rates: ArrayLike<number>): void {
    if (rates.length !== this.#rates.replicas || this.#lines > 0) {
      throw new Error(
        `${rates.length} rates for ${this.#rates.replicas} points, ${this.#lines} lines unread`,
      );
    }
    for (let r = 0; r < rates.length; r++) this.#rates.write(Float32Array.of(rates[r]!), { replica: r });
  }

  /** Losses along the direction as it stands on the device, kept there. Settles when they are computed. */
  async run(): Promise<void> {
    if (this.#lines * this.#batches.length === this.#ring.shape[0])
      throw new Error('no room for another line');
    for (const { program } of this.#batches) program.run();
    this.#lines++;
    await orLost(this.#gpu, this.#gpu.device.queue.onSubmittedWorkDone());
  }

  /** The mean loss of each line run since the last call, at each ε: [lines][points]. */
  async losses(): Promise<Float64Array[]> {
    const lines = Array.from({ length: this.#lines }, () => new Float64Array(this.#rates.replicas));
    const total = this.#batches.reduce((sum, { size }) => sum + size, 0);
    for (let r = 0; r < this.#rates.replicas; r++) {
      const rows = await this.#ring.read(r);
      lines.forEach((line, l) => {
        this.#batches.forEach(({ size }, i) => {
          line[r]! += (rows[l * this.#batches.length + i]! * size) / total;
        });
      });
    }
    this.#lines = 0;
    this.#counters.write(Uint32Array.of(0, 0, 0));
    return lines;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

function microBatches(total: number): number[] {
  const whole = Math.floor(total / MICRO_BATCH);
  const rest = total % MICRO_BATCH;
  return [...Array<number>(whole).fill(MICRO_BATCH), ...(rest ? [rest] : [])];
}

/** A layer that is linear in its parameters and has nothing but reshaping before it. */
interface FirstLayer {
  readonly layer: number;
  /** How many tensors of the layout are its own. */
  readonly parameters: number;
  /** Of one example. */
  readonly outputShape: readonly number[];
  readonly apply: (parameters: readonly Tensor[], x: Tensor) => Tensor;
}

/** Null where no such layer comes first, or its outputs cannot be moved four at a time. */
function firstLayer(model: ModelSpec, exampleShape: readonly number[]): FirstLayer | null {
  const at = model.layers.findIndex(({ type }) => type !== 'Flatten');
  const layer = model.layers[at];
  if (layer?.type !== 'Linear' && layer?.type !== 'Conv2d') return null;
  const outputShape = inferShapes(model, exampleShape)[at + 1]!;
  if (size(outputShape) % 4 !== 0) return null;
  const flat = (x: Tensor): Tensor => (at === 0 ? x : reshape(x, [x.shape[0]!, size(x.shape.slice(1))]));
  const apply = ([weight, bias]: readonly Tensor[], x: Tensor): Tensor => {
    const b = layer.bias ? bias! : null;
    return layer.type === 'Linear' ? linear(flat(x), weight!, b) : conv2d(flat(x), weight!, b, layer);
  };
  return { layer: at, parameters: layer.bias ? 2 : 1, outputShape, apply };
}

/** The parameters from entry `first` on: their own layout, and that part of a flat vector; null if there are none. */
function afterEntry(
  layout: FlatLayout,
  first: number,
): { readonly layout: FlatLayout; readonly of: (flat: Tensor) => Tensor | null } {
  const later = flatLayout(layout.entries.slice(first));
  const halves = flatLayout([
    { name: 'first', shape: [layout.length - later.length] },
    { name: 'later', shape: [later.length] },
  ]);
  return { layout: later, of: (flat) => (later.length === 0 ? null : part(flat, halves, 1)) };
}
