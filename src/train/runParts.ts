import { compile } from '../autograd/compile.ts';
import type { Dataset } from '../data/dataset.ts';
import { placeExamples, type ResidentExamples } from '../data/uploadExamples.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Replay } from '../gpu/replay.ts';
import type { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { StateSet } from '../gpu/stateSet.ts';
import type { Instrument } from '../measure/instrument.ts';
import { Memory } from '../measure/memory.ts';
import { isDue } from '../measure/schedule.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { parameterLayout } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { Graph } from '../ops/graph.ts';
import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import { record } from '../ops/state/record.ts';
import { type Averaging, average } from '../optim/average.ts';
import type { BatchControl } from './batchController.ts';
import { type BatchFrom, BatchSizes } from './batchSizes.ts';
import { traceStep } from './traceStep.ts';

/** What decides which memory and which programs a run takes: everything about it but the values that it starts from. */
export interface RunShape {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly steps: number;
  /** B from a step on (counted from 0); the first entry from step 0. */
  readonly batches: readonly BatchFrom[];
  /** Where the noise scale decides B: the first entry of `batches` is the start. */
  readonly batchControl?: BatchControl | undefined;
  readonly sampling: SamplingMode;
  readonly averaging?: Averaging;
  /** Batches from which BatchNorm's statistics of averaged weights are recomputed; of the last batch size by default. */
  readonly bnBatchSize?: number;
  /** What is measured on the way, at most one of a type. */
  readonly instruments?: readonly Instrument[];
}

/** What the device's counter of steps holds. */
export const MOST_STEPS = 2 ** 32 - 1;

/** Steps that a submit may hold; a ring slot is kept for each of those in flight. */
export const LARGEST_CHUNK = 256;
export const IN_FLIGHT = 2;
export const SLOTS = LARGEST_CHUNK * (IN_FLIGHT + 2);

/** A run's memory and the programs over it, traced. */
export interface RunParts {
  readonly layout: FlatLayout;
  /** What is neither told by the run's description nor made anew before it is read: all that a snapshot holds. */
  readonly states: StateSet;
  readonly theta: State;
  readonly averaged: State | null;
  readonly buffers: State | null;
  readonly averagedBuffers: State | null;
  readonly rates: State;
  readonly hyper: State;
  readonly seeds: State;
  readonly ring: State;
  /** [steps·B], for the sampling mode `order`. */
  readonly order: State | null;
  readonly examples: ResidentExamples;
  readonly arena: Arena;
  readonly replay: Replay;
  /** By `programKey`, and `AVERAGE`. */
  readonly traces: readonly { readonly key: string; readonly label: string; readonly graph: Graph }[];
  /** What the instruments keep from step to step. */
  readonly memory: Memory;
  /** Names of the numbers that a step's row holds behind its loss, by the program's key: of each instrument that is due. */
  readonly rows: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** The program that takes the weights into their average. */
export const AVERAGE = 'average';

/** A step's program: of its batch size, and of the instruments that are due. */
export function programKey(batchSize: number, due: readonly number[]): string {
  return `${batchSize} ${due.join(',')}`;
}

/** Places of the instruments that are due at a step, counted from 0. */
export function dueAt({ instruments = [] }: Pick<RunShape, 'instruments'>, step: number): number[] {
  return instruments.flatMap(({ schedule }, i) => (isDue(schedule, step + 1) ? [i] : []));
}

/** Every B that may come, in the order in which they are known. */
export function possibleBatchSizes({
  batches,
  batchControl,
}: Pick<RunShape, 'batches' | 'batchControl'>): number[] {
  return [...new Set([...batches.map(({ batchSize }) => batchSize), ...(batchControl?.sizes ?? [])])];
}

/** Every kind of step that the run may take, all known before the first one: in the order in which they come. */
function stepKinds(shape: RunShape): { readonly batchSize: number; readonly due: readonly number[] }[] {
  const { batches, batchControl, instruments = [], steps } = shape;
  const kinds = new Map<string, { readonly batchSize: number; readonly due: readonly number[] }>();
  const take = (batchSize: number, due: readonly number[]): void => {
    const key = programKey(batchSize, due);
    if (!kinds.has(key)) kinds.set(key, { batchSize, due });
  };
  const sizes = possibleBatchSizes(shape);
  for (const batchSize of sizes) take(batchSize, []);
  if (instruments.length > 0) {
    const table = new BatchSizes(batches);
    for (let step = 0; step < steps; step++) {
      const due = dueAt(shape, step);
      for (const batchSize of batchControl ? sizes : [table.at(step)]) take(batchSize, due);
    }
  }
  return [...kinds.values()];
}

/**
 * Makes a run's memory, all zeros, and traces its programs.
 * @param scope gets what is made
 * @throws LimitError if a state or the data set passes what the adapter can bind
 */
export function makeRunParts(gpu: Gpu, scope: Scope, shape: RunShape, replicas: number): RunParts {
  const { model, dataset, steps, batches, sampling, averaging } = shape;
  const layout = parameterLayout(model);
  const state = (label: string, extents: number[], dtype: 'f32' | 'u32' = 'f32'): State =>
    scope.own(new State(gpu, { label, shape: extents, dtype, replicas }));
  const states = new StateSet();
  const theta = states.add('parameters', state('parameters', [layout.length]));
  const velocity = states.add('momentum', state('momentum buffer', [layout.length]));
  // Step, epoch and place in it: where the order of examples, the rates, Dropout and the average's count stand.
  const counters = states.add('counters', state('counters', [3], 'u32'));
  const averaged = averaging ? states.add('average', state('averaged parameters', [layout.length])) : null;
  const statistics = bufferLayout(model);
  const hasStatistics = statistics.length > 0;
  const buffers = hasStatistics
    ? states.add('running_statistics', state('running statistics', [statistics.length]))
    : null;
  // These follow from the description; rates that were set from outside are kept on the host, as what was set and when.
  const rates = state('learning rates', [Math.max(1, steps)]);
  const hyper = state('SGD settings', [4]);
  const seeds = state('seeds', [1], 'u32');
  // Written before it is read, by the pass that recomputes it whole.
  const averagedBuffers =
    averaging && hasStatistics ? state('running statistics of the average', [statistics.length]) : null;
  const table = { label: 'order', shape: [steps * batches[0]!.batchSize], dtype: 'u32' as const };
  const order = sampling === 'order' ? scope.own(new State(gpu, table)) : null;
  const examples = scope.own(placeExamples(gpu, dataset));
  const arena = scope.own(new Arena(gpu));

  const sampler = { mode: sampling, examples: examples.examples, counters, seeds, order: order ?? undefined };
  const optimizer = { theta, velocity, rates, hyper, counters };
  const memory = new Memory(gpu, scope, replicas);
  const step = { model, layout, examples, sampler, optimizer, buffers, memory };
  const { instruments = [] } = shape;
  const kinds = stepKinds(shape).map(({ batchSize, due }) => {
    const graph = new Graph();
    const traced = traceStep(
      graph,
      step,
      batchSize,
      due.map((place) => instruments[place]!),
    );
    const types = due.map((place) => instruments[place]!.type);
    const label = `step B=${batchSize}${types.length > 0 ? ` with ${types.join(', ')}` : ''}`;
    return { key: programKey(batchSize, due), label, graph, ...traced };
  });
  const widths = kinds.map(({ measured }) => measured.flatMap((numbers) => Object.keys(numbers)).length);
  // Between two steps whose readings are back nothing in it is read again.
  const ring = state('ring', [SLOTS, 1 + Math.max(...widths)]);
  const replay = scope.own(new Replay(gpu, ring, LARGEST_CHUNK, IN_FLIGHT));
  for (const { losses, measured } of kinds) {
    record(
      { counters, ring, examples: examples.examples },
      losses,
      measured.flatMap((numbers) => Object.values(numbers)),
    );
  }
  for (const [name, kept] of memory.varying) states.add(`instrument ${name}`, kept);
  const rows = new Map(
    kinds.map(({ key, measured }) => [key, measured.map((numbers) => Object.keys(numbers))]),
  );
  const traces: { key: string; label: string; graph: Graph }[] = kinds;
  if (averaging && averaged) {
    const graph = new Graph();
    average(graph, { averaging, theta, average: averaged, counters });
    traces.push({ key: AVERAGE, label: averaging.kind, graph });
  }
  const held = { theta, averaged, buffers, averagedBuffers, rates, hyper, seeds, ring, order, examples };
  return { layout, states, ...held, arena, replay, traces, memory, rows };
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
    traces.map(({ label, graph }) => compile(gpu, graph, { label, replicas, arena })),
  );
  return new Map(traces.map(({ key }, i) => [key, programs[i]!]));
}
