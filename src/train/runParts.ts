import { compile } from '../autograd/compile.ts';
import type { Dataset } from '../data/dataset.ts';
import { placeExamples, type ResidentExamples } from '../data/uploadExamples.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Replay } from '../gpu/replay.ts';
import type { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { parameterLayout } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { Graph } from '../ops/graph.ts';
import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import { type Averaging, average } from '../optim/average.ts';
import { type Measuring, noiseWidth } from './stepNoise.ts';
import { traceStep } from './traceStep.ts';

/** What decides which memory and which programs a run takes: everything about it but the values that it starts from. */
export interface RunShape {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly steps: number;
  /** B from a step on (counted from 0); the first entry from step 0. */
  readonly batches: readonly { readonly fromStep: number; readonly batchSize: number }[];
  readonly sampling: SamplingMode;
  readonly averaging?: Averaging;
  /** Batches from which BatchNorm's statistics of averaged weights are recomputed; of the last batch size by default. */
  readonly bnBatchSize?: number;
  /** Per-example statistics at steps 1, 1 + n, 1 + 2n, …; 0 for never. */
  readonly measureEvery?: number;
  /**
   * The smaller batch size of the statistics: 1 by default, each example's own gradient; it divides every B. For models
   * with BatchNorm 2 or more: ghost batches.
   */
  readonly smallBatch?: number;
  /** With the statistics, the spread that tests of the gradient and standard errors rest on. */
  readonly gradientTests?: boolean;
}

/** Steps that a submit may hold; a ring slot is kept for each of those in flight. */
export const LARGEST_CHUNK = 256;
export const IN_FLIGHT = 2;
export const SLOTS = LARGEST_CHUNK * (IN_FLIGHT + 2);

/** A run's memory and the programs over it, traced. */
export interface RunParts {
  readonly layout: FlatLayout;
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
}

/** The program that takes the weights into their average. */
export const AVERAGE = 'average';

/** A step's program: of its batch size, with or without statistics. */
export function programKey(batchSize: number, statistics: boolean): string {
  return `${batchSize} ${statistics}`;
}

export function measuringOf({ measureEvery, smallBatch, gradientTests }: RunShape): Measuring | null {
  return measureEvery ? { smallBatch: smallBatch ?? 1, tests: gradientTests ?? false } : null;
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
  const theta = state('parameters', [layout.length]);
  const velocity = state('momentum buffer', [layout.length]);
  const rates = state('learning rates', [Math.max(1, steps)]);
  const hyper = state('SGD settings', [4]);
  const counters = state('counters', [3], 'u32');
  const seeds = state('seeds', [1], 'u32');
  const averaged = averaging ? state('averaged parameters', [layout.length]) : null;
  const statistics = bufferLayout(model);
  const hasStatistics = statistics.length > 0;
  const buffers = hasStatistics ? state('running statistics', [statistics.length]) : null;
  const averagedBuffers =
    averaging && hasStatistics ? state('running statistics of the average', [statistics.length]) : null;
  const measuring = measuringOf(shape);
  const width = 1 + (measuring ? noiseWidth(layout.entries.length, measuring) : 0);
  const ring = state('ring', [SLOTS, width]);
  const replay = scope.own(new Replay(gpu, ring, LARGEST_CHUNK, IN_FLIGHT));
  const table = { label: 'order', shape: [steps * batches[0]!.batchSize], dtype: 'u32' as const };
  const order = sampling === 'order' ? scope.own(new State(gpu, table)) : null;
  const examples = scope.own(placeExamples(gpu, dataset));
  const arena = scope.own(new Arena(gpu));

  const sampler = { mode: sampling, examples: examples.examples, counters, seeds, order: order ?? undefined };
  const recorder = { counters, ring, examples: examples.examples };
  const optimizer = { theta, velocity, rates, hyper, counters };
  const traces: { key: string; label: string; graph: Graph }[] = [];
  for (const batchSize of new Set(batches.map((batch) => batch.batchSize))) {
    for (const measured of measuring ? [null, measuring] : [null]) {
      const graph = new Graph();
      const step = { model, layout, examples, sampler, optimizer, recorder, buffers };
      traceStep(graph, step, batchSize, measured);
      const label = `step B=${batchSize}${measured ? ' with statistics' : ''}`;
      traces.push({ key: programKey(batchSize, measured !== null), label, graph });
    }
  }
  if (averaging && averaged) {
    const graph = new Graph();
    average(graph, { averaging, theta, average: averaged, counters });
    traces.push({ key: AVERAGE, label: averaging.kind, graph });
  }
  const states = { layout, theta, averaged, buffers, averagedBuffers, rates, hyper, seeds, ring, order };
  return { ...states, examples, arena, replay, traces };
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
