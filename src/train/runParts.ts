import { compile } from '../autograd/compile.ts';
import type { Dataset } from '../data/dataset.ts';
import { type OwnData, placeExamples, type ResidentExamples } from '../data/uploadExamples.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Replay } from '../gpu/replay.ts';
import type { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { StateSet } from '../gpu/stateSet.ts';
import { type Instrument, lookedAt, type Split } from '../measure/instrument.ts';
import { Memory } from '../measure/memory.ts';
import { tracePass } from '../measure/pass.ts';
import type { Look } from '../measure/quantity.ts';
import { firstDue, isDue } from '../measure/schedule.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { parameterLayout } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { Graph, size, type Tensor } from '../ops/graph.ts';
import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import type { Augmentation } from '../ops/state/augment.ts';
import { record } from '../ops/state/record.ts';
import type { Averaging } from '../optim/average.ts';
import { type KeptAverage, keepAverage } from '../optim/keptAverage.ts';
import { makeOptimizer, type Optimizer, type OptimizerRule } from '../optim/optimizer.ts';
import type { BatchControl } from './batchController.ts';
import { type BatchFrom, BatchSizes } from './batchSizes.ts';
import type { LrSearch } from './lrSearch.ts';
import { type StepInstrument, type TracedStep, traceStep } from './traceStep.ts';

/** What decides which memory and which programs a run takes: everything about it but the values that it starts from. */
export interface RunShape {
  readonly model: ModelSpec;
  /** What it trains on; of the first replica where each has its own. */
  readonly dataset: Dataset;
  /** What of the data, and of their test part, each replica has of its own; nothing where it is left out. */
  readonly own?: { readonly train: OwnData; readonly test: OwnData };
  /** What becomes of a step's images; what is evaluated is as it is. */
  readonly augmentation?: Augmentation;
  readonly steps: number;
  /** B from a step on (counted from 0); the first entry from step 0. */
  readonly batches: readonly BatchFrom[];
  /** Where the noise scale decides B: the first entry of `batches` is the start. */
  readonly batchControl?: BatchControl | undefined;
  /** Further batch sizes that steps may have: those that were set from outside. */
  readonly furtherSizes?: readonly number[] | undefined;
  /** Where a line search is to find ε. */
  readonly lrSearch?: LrSearch | undefined;
  readonly sampling: SamplingMode;
  /** SGD by default. */
  readonly optimizer?: OptimizerRule;
  readonly averaging?: Averaging;
  /** Batches from which BatchNorm's statistics of averaged weights are recomputed; of the last batch size by default. */
  readonly bnBatchSize?: number;
  /** In which order they are taken: that of the data by default, or one drawn by each replica's seed. */
  readonly bnOrder?: 'file' | 'shuffle';
  /** What is measured on the way, at most one of a type. */
  readonly instruments?: readonly Instrument[];
  /** From which step on, counted from 0, a step is one kernel where it can be: as its shape has it by default. For benchmarks. */
  readonly wholeFrom?: number;
}

/** What the device's counter of steps holds. */
export const MOST_STEPS = 2 ** 32 - 1;

/** Steps that a submit may hold; a ring slot is kept for each of those in flight. */
export const LARGEST_CHUNK = 256;
export const IN_FLIGHT = 2;

/** Numbers that a submit brings back of a replica, at the most, where that leaves 16 steps a submit. */
const LARGEST_ROWS = 2 ** 16;

/** Numbers of a step's row that are of one name. */
export interface Cells {
  readonly name: string;
  /** The first one's place in the row. */
  readonly at: number;
  readonly count: number;
}

/** A run's memory and the programs over it, traced. */
export interface RunParts {
  readonly layout: FlatLayout;
  /** What is neither told by the run's description nor made anew before it is read: all that a snapshot holds. */
  readonly states: StateSet;
  readonly theta: State;
  readonly kept: KeptAverage | null;
  readonly buffers: State | null;
  readonly averagedBuffers: State | null;
  readonly rates: State;
  readonly optimizer: Optimizer;
  readonly seeds: State;
  /** Of the augmentation. */
  readonly dataSeeds: State | null;
  readonly ring: State;
  /** [steps·B], for the sampling mode `order`. */
  readonly order: State | null;
  readonly examples: ResidentExamples;
  /** The data for testing, where an instrument is of them. */
  readonly testExamples: ResidentExamples | null;
  readonly arena: Arena;
  readonly replay: Replay;
  /** By `stepKey`, and `CAPTURE` and `FINISH` of an average; the micro-batches of instruments' passes by `passes`. */
  readonly traces: readonly { readonly key: string; readonly label: string; readonly graph: Graph }[];
  /** The keys of the steps at which nothing is measured or prepared. */
  readonly unmeasured: ReadonlySet<string>;
  /** What the instruments keep from step to step. */
  readonly memory: Memory;
  /** What a step's row holds behind its loss, by the program's key: of each instrument that is due. */
  readonly rows: ReadonlyMap<string, readonly (readonly Cells[])[]>;
  /** By an instrument's place, the keys of the programs that run before each step at which it is due, in their order. */
  readonly passes: ReadonlyMap<number, readonly string[]>;
}

/** The programs that take the weights into their average, and that make it of them where a capture alone does not. */
export const CAPTURE = 'capture';
export const FINISH = 'finish';

/**
 * A kind of step: its batch size, and the places of the instruments that are due, of those among them that open here, and of those that are
 * due at the next step and prepare.
 */
interface StepKind {
  readonly batchSize: number;
  readonly due: readonly number[];
  readonly opening: readonly number[];
  readonly preparing: readonly number[];
}

function kindAt(shape: Pick<RunShape, 'instruments' | 'steps'>, step: number, batchSize: number): StepKind {
  const { instruments = [], steps } = shape;
  const next = step + 1 < steps ? dueAt(shape, step + 1) : [];
  const due = dueAt(shape, step);
  const opens = ({ opening, schedule }: Instrument): boolean =>
    opening !== undefined && firstDue(schedule) === step + 1;
  return {
    batchSize,
    due,
    opening: due.filter((place) => opens(instruments[place]!)),
    preparing: next.filter((place) => instruments[place]!.prepare),
  };
}

function keyOf({ batchSize, due, opening, preparing }: StepKind): string {
  const listed = (before: string, places: readonly number[]): string =>
    places.length > 0 ? ` ${before} ${places.join(',')}` : '';
  return `${batchSize} ${due.join(',')}${listed('opening', opening)}${listed('then', preparing)}`;
}

/** Which program a step takes, counted from 0. @param batchSize B of the step */
export function stepKey(...of: Parameters<typeof kindAt>): string {
  return keyOf(kindAt(...of));
}

/** Places of the instruments that are due at a step, counted from 0. */
export function dueAt({ instruments = [] }: Pick<RunShape, 'instruments'>, step: number): number[] {
  return instruments.flatMap(({ schedule }, i) => (isDue(schedule, step + 1) ? [i] : []));
}

/** Every B that may come, in the order in which they are known. */
export function possibleBatchSizes({
  batches,
  batchControl,
  furtherSizes = [],
}: Pick<RunShape, 'batches' | 'batchControl' | 'furtherSizes'>): number[] {
  const planned = batches.map(({ batchSize }) => batchSize);
  return [...new Set([...planned, ...(batchControl?.sizes ?? []), ...furtherSizes])];
}

/** Every kind of step that the run may take, all known before the first one: in the order in which they come. */
function stepKinds(shape: RunShape): StepKind[] {
  const { batches, batchControl, furtherSizes = [], instruments = [], steps } = shape;
  const known = !batchControl && furtherSizes.length === 0;
  const kinds = new Map<string, StepKind>();
  const take = (kind: StepKind): void => {
    const key = keyOf(kind);
    if (!kinds.has(key)) kinds.set(key, kind);
  };
  const sizes = possibleBatchSizes(shape);
  for (const batchSize of sizes) take({ batchSize, due: [], opening: [], preparing: [] });
  if (instruments.length > 0) {
    const table = new BatchSizes(batches);
    for (let step = 0; step < steps; step++) {
      for (const batchSize of known ? [table.at(step)] : sizes) take(kindAt(shape, step, batchSize));
    }
  }
  return [...kinds.values()];
}

/** A run's data of one part; what a run that is too large is held against may have none for testing. */
function dataOf({ dataset }: RunShape, split: Split): Dataset {
  if (split === 'train') return dataset;
  if (!dataset.test) throw new Error(`${dataset.name} has no data for testing`);
  return dataset.test;
}

/**
 * Makes a run's memory, all zeros, and traces its programs.
 * @param scope gets what is made
 * @throws LimitError if a state or the data set passes what the adapter can bind
 */
export function makeRunParts(gpu: Gpu, scope: Scope, shape: RunShape, replicas: number): RunParts {
  const { model, dataset, own, augmentation, steps, batches, sampling, averaging } = shape;
  const layout = parameterLayout(model);
  const state = (label: string, extents: number[], dtype: 'f32' | 'u32' = 'f32'): State =>
    scope.own(new State(gpu, { label, shape: extents, dtype, replicas }));
  const states = new StateSet();
  const theta = states.add('parameters', state('parameters', [layout.length]));
  // These follow from the description; rates that were set from outside are kept on the host, as what was set and when.
  const rates = state('learning rates', [Math.max(1, steps)]);
  const seeds = state('seeds', [1], 'u32');
  // Step, epoch and place in it: where the order of examples, the rates, Dropout and the average's count stand.
  const counters = state('counters', [3], 'u32');
  const rule = shape.optimizer ?? { type: 'sgd' };
  const optimizer = makeOptimizer(rule, { theta, rates, counters }, (label, elements) =>
    state(label, [elements]),
  );
  for (const [name, of] of optimizer.kept) states.add(name, of);
  states.add('counters', counters);
  const kept = averaging ? keepAverage(averaging, { theta, counters }, state) : null;
  for (const [name, of] of kept?.kept ?? []) states.add(name, of);
  const statistics = bufferLayout(model);
  const hasStatistics = statistics.length > 0;
  const buffers = hasStatistics
    ? states.add('running_statistics', state('running statistics', [statistics.length]))
    : null;
  const dataSeeds = augmentation ? state('data seeds', [1], 'u32') : null;
  // Written before it is read, by the pass that recomputes it whole.
  const averagedBuffers =
    averaging && hasStatistics ? state('running statistics of the average', [statistics.length]) : null;
  const table = { label: 'order', shape: [steps * batches[0]!.batchSize], dtype: 'u32' as const };
  const order = sampling === 'order' ? scope.own(new State(gpu, table)) : null;
  const examples = scope.own(placeExamples(gpu, dataset, own && { ...own.train, replicas }));
  const arena = scope.own(new Arena(gpu));

  const sampler = { mode: sampling, examples: examples.examples, counters, seeds, order: order ?? undefined };
  const memory = new Memory(gpu, scope, replicas);
  const augmented = dataSeeds && { of: augmentation!, stream: { seeds: dataSeeds, counters } };
  const step = {
    model,
    layout,
    theta,
    examples,
    sampler,
    augmentation: augmented,
    optimizer,
    buffers,
    memory,
  };
  const { instruments = [] } = shape;
  const wantsTest = instruments.some(({ split }) => split === 'test');
  const testExamples = wantsTest
    ? scope.own(placeExamples(gpu, dataOf(shape, 'test'), own && { ...own.test, replicas }))
    : null;
  const traces: { key: string; label: string; graph: Graph }[] = [];
  const passes = new Map<number, readonly string[]>();
  const stepInstruments = instruments.map((instrument, place): StepInstrument => {
    const { type, split, quantity } = instrument;
    if (!split) return { instrument };
    const part = split === 'test' ? testExamples! : examples;
    let look: Look | null = null;
    const point = {
      model,
      layout,
      theta,
      examples: { ...part, examples: lookedAt(instrument, part.examples) },
      context: { mode: 'eval' as const, buffers },
    };
    const pass = tracePass(point, {
      memory,
      counted: (what) => scope.own(new State(gpu, { label: `${type} ${what}`, shape: [3], dtype: 'u32' })),
      trace: (batch) => {
        look = quantity.trace(batch.as(type));
      },
    });
    const key = (of: string): string => `${type} B=${of}`;
    for (const [of, graph] of pass.traces) traces.push({ key: key(of), label: key(of), graph });
    passes.set(place, pass.inOrder.map(key));
    return { instrument, passed: (graph) => look!.values!(graph) };
  });
  const kinds = stepKinds(shape).map((kind) => {
    const graph = new Graph();
    const { batchSize, due, opening, preparing } = kind;
    const traced = traceStep(
      graph,
      step,
      batchSize,
      due.map((place) => ({ ...stepInstruments[place]!, opens: opening.includes(place) })),
      preparing.map((place) => instruments[place]!),
    );
    const types = (places: readonly number[]): string =>
      places.map((place) => instruments[place]!.type).join(', ');
    const label = [
      `step B=${batchSize}`,
      ...(due.length > 0 ? [`with ${types(due)}`] : []),
      ...(opening.length > 0 ? [`opening ${types(opening)}`] : []),
      ...(preparing.length > 0 ? [`before ${types(preparing)}`] : []),
    ].join(' ');
    const measures = due.length + preparing.length > 0;
    return { key: keyOf(kind), label, graph, measures, ...traced, ...rowOf(traced.measured) };
  });
  const width = Math.max(...kinds.map((kind) => kind.width));
  // Fewer steps a submit where their rows are long, which changes no result.
  const chunk = Math.min(LARGEST_CHUNK, Math.max(16, Math.floor(LARGEST_ROWS / width)));
  // Between two steps whose readings are back nothing in it is read again.
  const ring = state('ring', [chunk * (IN_FLIGHT + 2), width]);
  const replay = scope.own(new Replay(gpu, ring, chunk, IN_FLIGHT));
  for (const { losses, numbers } of kinds) {
    record({ counters, ring, examples: examples.examples }, losses, numbers);
  }
  for (const [name, kept] of memory.varying) states.add(`instrument ${name}`, kept);
  const rows = new Map(kinds.map(({ key, cells }) => [key, cells]));
  const unmeasured = new Set(kinds.flatMap(({ key, measures }) => (measures ? [] : [key])));
  traces.push(...kinds);
  const trace = (key: string, label: string, into: (graph: Graph) => void): void => {
    const graph = new Graph();
    into(graph);
    traces.push({ key, label, graph });
  };
  if (averaging && kept) {
    trace(CAPTURE, averaging.kind, kept.capture);
    if (kept.finish) trace(FINISH, `${averaging.kind} mean`, kept.finish);
  }
  const held = { theta, kept, buffers, averagedBuffers, rates, optimizer, seeds, ring, order, examples };
  const programs = { traces, unmeasured, memory, rows, passes };
  return { layout, states, ...held, dataSeeds, testExamples, arena, replay, ...programs };
}

/** The numbers of a step in the order of its row, scalars first, and where each instrument's lie in it. */
function rowOf(measured: TracedStep['measured']): {
  readonly numbers: readonly Tensor[];
  readonly cells: readonly (readonly Cells[])[];
  readonly width: number;
} {
  const all = measured.flatMap((found) => Object.values(found));
  const numbers = [
    ...all.filter(({ shape }) => shape.length === 0),
    ...all.filter(({ shape }) => shape.length > 0),
  ];
  const places = new Map<Tensor, number>();
  let width = 1;
  for (const tensor of numbers) {
    places.set(tensor, width);
    width += size(tensor.shape);
  }
  const cells = measured.map((found) =>
    Object.entries(found).map(([name, tensor]) => ({
      name,
      at: places.get(tensor)!,
      count: size(tensor.shape),
    })),
  );
  return { numbers, cells, width };
}

/**
 * Compiles a run's programs, all at once.
 * @throws LimitError if a result or a grid passes what the adapter can do
 */
export async function compileRun(
  gpu: Gpu,
  scope: Scope,
  { traces, arena }: RunParts,
  replicas: number,
): Promise<ReadonlyMap<string, Program>> {
  const programs = await scope.all(
    traces.map(({ label, graph }) => compile(gpu, graph, { label, replicas, arena, soon: true })),
  );
  return new Map(traces.map(({ key }, i) => [key, programs[i]!]));
}
