import { compileOptimised, optimise } from '../autograd/compile.ts';
import type { Targets } from '../data/dataset.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import type { ForwardContext } from '../nn/forwardContext.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { Graph, stateOf, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { mergeMoments } from '../ops/perExample/mergeMoments.ts';
import { accumulate } from '../ops/state/accumulate.ts';
import { advance } from '../ops/state/advance.ts';
import { append } from '../ops/state/append.ts';
import { type Examples, gather } from '../ops/state/gather.ts';
import { sampleIndices } from '../ops/state/sampling.ts';
import { store } from '../ops/state/store.ts';
import { take } from '../ops/state/take.ts';
import { firstExamples } from './firstExamples.ts';
import { Memory } from './memory.ts';
import { type Gathered, type Gathering, TracedBatch } from './tracedBatch.ts';

/** A model at one point, and the data it is measured on. */
export interface Point {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  /** Flat [P], of one model: a replica of a run is copied out of it by `TrainingRun.point`. */
  readonly theta: State;
  readonly examples: Examples;
  /** The mode that is measured; nothing that a pass runs changes running statistics. */
  readonly context: ForwardContext;
  /**
   * b: each b consecutive examples are one unit, a batch of its own, the last one what is left; the loss is the mean over
   * units of their mean losses, and what is said of examples is said of units. Left out, a unit is one example.
   */
  readonly ghostBatch?: number;
  /** What the examples are of, where that is known: for what is said of them. */
  readonly source?: ExampleSource;
  /** After how many steps of a run, where the weights are of one. */
  readonly step?: number;
  /** Where that run had diverged by then: for what is said of losses that are not finite. */
  readonly diverged?: { readonly step: number; readonly reason: string } | null;
}

/** The data that a point's examples are of. */
export interface ExampleSource {
  /** How messages call them. */
  readonly name: string;
  readonly targets: Targets;
  /** The weights are known to be trained on these very examples. */
  readonly trainedOn?: boolean;
  /** Where the examples are in an order drawn by a seed: the seed, and the place of each in the data as they were given. */
  readonly drawn?: { readonly seed: number; readonly order: readonly number[] } | null;
}

/**
 * Refuses the state of several replicas, or of one that is kept as a replica is: what is measured is one model, and which of
 * them is for the caller to say.
 * @throws RangeError naming what was to be measured and the state
 */
export function requireOneModel(what: string, { theta, context }: Pick<Point, 'theta' | 'context'>): void {
  for (const state of [theta, context.buffers]) {
    if (!state?.replicated) continue;
    throw new RangeError(
      `${what}: "${state.label}" is of a run's replicas, ${state.replicas} of them, expected one model's; ` +
        'take one by run.point(replica)',
    );
  }
}

/** Units over which the loss is a mean: ghost batches, examples, or all data as one where the examples see each other. */
export function unitsOf(
  point: Pick<Point, 'model' | 'context' | 'ghostBatch'> & {
    readonly examples: Pick<Point['examples'], 'examples'>;
  },
): number {
  const { examples } = point.examples;
  if (point.ghostBatch !== undefined) return Math.ceil(examples / point.ghostBatch);
  return isCoupled(point) ? 1 : examples;
}

/**
 * The most examples that a pass has on the device at once, where they do not see each other. Also the longest serial sum of the moments kernel, whose
 * worst error, where the first example is the outlier, grows with its square: 1 % of a coordinate's variance here.
 */
export const LARGEST_MICRO_BATCH = 256;

interface TracedProgram {
  readonly graph: Graph;
  readonly program: Program;
}

/** How a pass is made, beside what it does. */
export interface PassOptions extends Partial<Pick<PassTracing, 'memory' | 'stretch'>> {
  /** R of the states that `trace` takes, where some are replicated: vectors side by side at one point. */
  readonly replicas?: number;
  /** Rows are put by a cursor of their own: what gathers the examples does not depend on whether any are put. */
  readonly rowsApart?: boolean;
}

/**
 * One pass over all examples in file order, in micro-batches (or as one batch where they see each other); compiled once, run
 * as often as wanted.
 */
export class Pass {
  readonly label: string;
  /** The optimised trace of each micro-batch of a run. */
  readonly traces: readonly Graph[];
  /** Where their intermediate results lie. */
  readonly arena: Arena;
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  /** The programs of one run. */
  readonly #inOrder: readonly Program[];
  /** Of which so many are one submit. */
  readonly #together: number;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    label: string,
    batches: readonly TracedProgram[],
    together: number,
    arena: Arena,
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.label = label;
    this.traces = batches.map(({ graph }) => graph);
    this.arena = arena;
    this.#inOrder = batches.map(({ program }) => program);
    this.#together = together;
  }

  /**
   * @param trace what is done with each micro-batch, appended to its trace
   * @param options where what is gathered lies, of the pass alone if left out; and over which stretch of the examples a run goes, all of
   *   them if left out
   * @throws RangeError for parameters of several replicas
   */
  static open(
    gpu: Gpu,
    label: string,
    point: Point,
    trace: (batch: TracedBatch) => void,
    options: PassOptions = {},
  ): Promise<Pass> {
    return Scope.make((scope) => Pass.#open(gpu, scope, label, point, trace, options));
  }

  static async #open(
    gpu: Gpu,
    scope: Scope,
    label: string,
    point: Point,
    trace: (batch: TracedBatch) => void,
    { memory = new Memory(gpu, scope), stretch, replicas = 1, rowsApart }: PassOptions,
  ): Promise<Pass> {
    requireOneModel(label, point);
    const counted = (what: string): State =>
      scope.own(new State(gpu, { label: `${label} ${what}`, shape: [3], dtype: 'u32' }));
    const { traces, inOrder, together } = tracePass(point, { memory, counted, stretch, rowsApart, trace });
    const arena = scope.own(new Arena(gpu));
    const programs = new Map<string, TracedProgram>();
    for (const [key, graph] of traces) {
      const optimised = optimise(graph);
      const made = compileOptimised(gpu, optimised, { label: `${label} B=${key}`, replicas, arena });
      programs.set(key, { graph: optimised, program: scope.own(await made) });
    }
    const batches = inOrder.map((key) => programs.get(key)!);
    return new Pass(gpu, scope, label, batches, together, arena);
  }

  /**
   * Submits one micro-batch of a run. A run is all of them, in order; `run` does it.
   * @param then programs that run after it
   */
  async runOne(index: number, then: readonly Program[] = []): Promise<void> {
    await submitAhead(this.#gpu, [this.#inOrder[index]!, ...then]);
  }

  /**
   * Submits a run over all examples, without waiting for it.
   * @param then programs that run after it, in its last submit
   * @param inOrder the programs of each micro-batch, where they are not the pass's own
   */
  async run(
    then: readonly Program[] = [],
    inOrder: readonly (readonly Program[])[] = this.#inOrder.map((program) => [program]),
  ): Promise<void> {
    for (let first = 0; first < inOrder.length; first += this.#together) {
      const programs = inOrder.slice(first, first + this.#together).flat();
      const isLast = first + this.#together >= inOrder.length;
      await submitAhead(this.#gpu, isLast ? [...programs, ...then] : programs);
    }
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** How the micro-batches of a pass are traced. */
export interface PassTracing {
  /** Where what is gathered lies. */
  readonly memory: Memory;
  /** Makes counters, [3] u32 and shared, which are back where they were after each run. */
  readonly counted: (what: string) => State;
  /**
   * A run is over so many examples, the first one from one of them on, and each goes on where the last one ended; over all of them
   * if left out.
   */
  readonly stretch?: { readonly examples: number; readonly from: number };
  readonly rowsApart?: boolean | undefined;
  /** What is done with each micro-batch, appended to its trace. */
  readonly trace: (batch: TracedBatch) => void;
}

/** The traces of one pass. */
export interface TracedPass {
  /** By what tells them apart: the first micro-batch stores what later ones add to, the last one may be shorter. */
  readonly traces: ReadonlyMap<string, Graph>;
  /** Keys of the micro-batches of one run. */
  readonly inOrder: readonly string[];
  /** Of which so many are one submit. */
  readonly together: number;
}

/** One pass over all examples in file order, traced in micro-batches, or as one batch where they see each other. */
export function tracePass(
  point: Point,
  { memory, counted, stretch, rowsApart, trace }: PassTracing,
): TracedPass {
  const { model, layout, examples, ghostBatch } = point;
  const all = examples.examples;
  const total = stretch?.examples ?? all;
  const units = unitsOf({ ...point, examples: { examples: total } });
  const oneUnit = ghostBatch !== undefined || isCoupled(point);
  const largest = ghostBatch ?? (isCoupled(point) ? total : LARGEST_MICRO_BATCH);
  const rest = total % largest;
  const whole = Math.floor(total / largest);
  const sizes = [...Array<number>(whole).fill(largest), ...(rest ? [rest] : [])];
  const counters = counted('counters');
  if (stretch) counters.write(Uint32Array.of(0, 0, stretch.from));
  const unitCounters = oneUnit || stretch || rowsApart ? counted('units') : counters;
  const traces = new Map<string, Graph>();
  const inOrder = sizes.map((batch, i) => `${batch}${i === 0 ? ' first' : ''}`);
  for (const [i, batch] of sizes.entries()) {
    const key = inOrder[i]!;
    if (traces.has(key)) continue;
    const graph = new Graph();
    const indices = sampleIndices(graph, { mode: 'sequential', examples: all, counters }, batch);
    const [x, targets] = gather(examples, indices);
    const theta = read(graph, point.theta);
    const of = { model, layout, theta, x, targets, context: point.context };
    const unitSize = oneUnit ? batch : 1;
    const here = { examples: total, units, batchUnits: batch / unitSize };
    const gathering = inBatches({ graph, first: i === 0, ...here, memory, counters, unitCounters });
    const first = (count: number) => ({ ...of, ...firstExamples(graph, examples, count, memory) });
    trace(new TracedBatch(of, { unitSize, gathering, first }));
    // The cursors are back where they were after the last micro-batch, so that a run needs no upload.
    advance(graph, counters, batch, all);
    if (unitCounters !== counters) advance(graph, unitCounters, here.batchUnits, units);
    traces.set(key, graph);
  }
  return { traces, inOrder, together: Math.max(1, Math.floor(LARGEST_MICRO_BATCH / largest)) };
}

/** How micro-batches come together: the first one stores, the others add. */
function inBatches({
  graph,
  first,
  examples,
  units,
  batchUnits,
  memory,
  counters,
  unitCounters,
}: {
  readonly graph: Graph;
  readonly first: boolean;
  /** Over all batches; and the units of this one. */
  readonly examples: number;
  readonly units: number;
  readonly batchUnits: number;
  readonly memory: Memory;
  /** Their offset is the examples, and the units, before this micro-batch. */
  readonly counters: State;
  readonly unitCounters: State;
}): Gathering {
  const gathered = (state: State): Gathered => ({ in: (later) => read(later, state) });
  const sumInto = (state: State, term: Tensor): void =>
    first ? store(state, term) : accumulate(state, term);
  return {
    units,
    once: false,
    sum(name, term) {
      const state = memory.state(name, { shape: term.shape });
      sumInto(state, term);
      return gathered(state);
    },
    rows(name, values, of) {
      const count = of === 'units' ? units : examples;
      const state = memory.state(name, { shape: [count, ...values.shape.slice(1)] });
      append(state, values, of === 'units' ? unitCounters : counters);
      return gathered(state);
    },
    moments(name, mean, centredSquares) {
      const into = {
        mean: memory.state(`${name} mean`, { shape: mean.shape }),
        centredSquares: memory.state(`${name} centred squares`, { shape: mean.shape }),
      };
      mergeMoments({ ...into, counters: unitCounters }, mean, centredSquares, batchUnits);
      return { mean: gathered(into.mean), centredSquares: gathered(into.centredSquares) };
    },
    rowsOf: (all) =>
      take(graph, all instanceof State ? all : stateOf(all.in(graph))!, batchUnits, unitCounters),
    sumInto,
    putRows: (state, values) => append(state, values, unitCounters),
    memory: (name, spec) => memory.state(name, spec),
  };
}
