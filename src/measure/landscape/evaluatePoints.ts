import { placeExamples, uploadExamples } from '../../data/uploadExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { LimitError } from '../../gpu/limitError.ts';
import { planningGpu } from '../../gpu/planningGpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { inferShapes } from '../../nn/modelSpec.ts';
import { dimension } from '../../ops/flat.ts';
import { size } from '../../ops/graph.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import { AffineSpan } from './affineSpan.ts';
import {
  type LandscapeInput,
  type LandscapeProgress,
  statisticsBatch,
  statisticsOf,
} from './landscapeInput.ts';
import type { LandscapeFacts, PointValues } from './landscapeResult.ts';
import { keptLayer, MICRO_BATCH, SpanBatches } from './spanBatches.ts';
import { SpanLosses } from './spanLosses.ts';
import { SpanStatistics } from './spanStatistics.ts';

/**
 * Numbers that the largest result of all points of a wave should have at most: 16 MiB, so that it stays in the cache of a GPU, and is more
 * than enough to keep one busy.
 */
const WAVE = 2 ** 22;

/** Points of one or several affine spans, all with the same coefficients. */
export interface PointsOf {
  /** θ₀, flat [P]; null for 0. */
  readonly origin: Float32Array | null;
  /** How many spans there are, of how many vectors each. */
  readonly spans: number;
  readonly directions: number;
  /** The vectors of a span, flat [P]. */
  vectors(span: number): readonly Float32Array[];
  /** A row for each point. */
  readonly coefficients: readonly (readonly number[])[];
  /** Running statistics of the files, flat, where they are not recomputed: of the origin, or of each vector where that is null. */
  readonly statistics: readonly Float32Array[];
}

/** What was found: of each span, at each point. */
export interface PointsFound {
  readonly values: readonly (readonly PointValues[])[];
  readonly facts: LandscapeFacts;
}

/**
 * Loss and right answers at points of affine spans, over all examples in eval mode: as many points at once as there is room for. A point's
 * values do not depend on how many these are, nor on its place among them.
 * @throws InputError for a batch that BatchNorm cannot have
 * @throws LimitError if not even one point fits on the adapter
 */
export async function* evaluatePoints(
  gpu: Gpu,
  input: LandscapeInput,
  points: PointsOf,
): AsyncGenerator<LandscapeProgress, PointsFound, void> {
  const width = await pointsAtOnce(gpu, input, points);
  const scope = new Scope();
  try {
    const { span, run, read } = await openWave(gpu, scope, input, points, width, uploadExamples);
    const { spans, coefficients } = points;
    const total = spans * coefficients.length;
    const found: PointValues[][] = [];
    let done = 0;
    let waiting: Promise<void> = Promise.resolve();
    for (let s = 0; s < spans; s++) {
      points.vectors(s).forEach((vector, k) => {
        span.setDirection(k, vector);
      });
      const part = `points ${s}`;
      const known = input.finished?.get<readonly PointValues[]>(part) ?? [];
      const into = [...known];
      found.push(into);
      done += known.length;
      // Those that are known are of whole waves.
      for (let first = known.length; first < coefficients.length; first += width) {
        // The last wave is filled up by its last point.
        span.setCoefficients(
          Array.from({ length: width }, (_, i) => coefficients[first + i] ?? coefficients.at(-1)!),
        );
        await run();
        const values = read();
        // A wave is read while the next one is computed.
        await waiting;
        waiting = values.then((all) => {
          into.push(...all.slice(0, coefficients.length - first));
          done += Math.min(width, coefficients.length - first);
          input.finished?.keep(part, [...into]);
        });
        // A failure is told to whoever waits for it.
        waiting.catch(() => {});
        if (done > 0) yield { done, total };
      }
    }
    await waiting;
    yield { done, total };
    return { values: found, facts: factsOf(input, points, found.flat()) };
  } finally {
    scope.dispose();
  }
}

/** A landscape's programs over so many points at once. */
export interface Wave {
  readonly span: AffineSpan;
  /** Computes the points as vectors and coefficients stand. Does not wait. */
  run(): Promise<void>;
  /** What the last run found at each point. */
  read(): Promise<PointValues[]>;
}

/**
 * Brings a landscape to the device, in the scope, for so many points at once.
 * @param examplesOf uploads the data
 */
export async function openWave(
  gpu: Gpu,
  scope: Scope,
  input: LandscapeInput,
  { origin: start, directions, statistics: given }: PointsOf,
  points: number,
  examplesOf: typeof uploadExamples,
): Promise<Wave> {
  const { model, dataset, test } = input;
  const layout = parameterLayout(model);
  const shared = (label: string, values: Float32Array): State => {
    const state = scope.own(new State(gpu, { label, shape: [values.length] }));
    state.write(values);
    return state;
  };
  const origin = start && shared('parameters', start);
  const mode = statisticsOf(input);
  const datasets = test ? [dataset, test] : [dataset];
  const moved = mode === 'stored' && !origin ? given : undefined;
  const spanOf = {
    layout,
    origin,
    directions,
    points,
    unplaced: unplacedTensors(input, directions),
    statistics: moved,
  };
  const span = scope.own(await AffineSpan.open(gpu, spanOf));
  const { length } = bufferLayout(model);
  const recomputed =
    mode === 'recompute' ? { label: 'running statistics', shape: [length], replicas: points } : null;
  const buffers = recomputed
    ? scope.own(new State(gpu, recomputed))
    : mode === 'stored'
      ? (span.statistics ?? shared('running statistics', given[0]!))
      : null;
  const context = { mode: 'eval', buffers } as const;
  const parts: { batches: SpanBatches; losses: SpanLosses }[] = [];
  for (const data of datasets) {
    const examples = scope.own(examplesOf(gpu, data));
    // One way to cut the data serves both passes.
    const batchSize = (data === dataset && statisticsBatch(input)) || undefined;
    const batches = scope.own(await SpanBatches.open(gpu, span, { model, examples, batchSize }));
    const losses = scope.own(await SpanLosses.open(gpu, batches, { context, accuracy: true, runs: 1 }));
    parts.push({ batches, losses });
  }
  const statistics = recomputed
    ? scope.own(await SpanStatistics.open(gpu, parts[0]!.batches, buffers!))
    : null;
  return {
    span,
    async run() {
      await statistics?.run();
      for (const { losses } of parts) await losses.run();
    },
    async read() {
      const [train, tested] = await Promise.all(parts.map(async ({ losses }) => (await losses.read())[0]!));
      return train!.map((own, i) => valuesAt(own, tested?.[i]));
    },
  };
}

/** Leading tensors that the model does not take at the points: those of a first layer whose outputs are kept for all data. */
function unplacedTensors({ model, dataset, test }: LandscapeInput, directions: number): number {
  const datasets = test ? [dataset, test] : [dataset];
  return Math.min(...datasets.map((data) => keptLayer(model, data, directions)?.parameters ?? 0));
}

/**
 * How many points are computed at once: as many as keep the largest result of all of them small, if the adapter can hold these, in waves of
 * one size.
 * @throws LimitError if it cannot hold one
 */
export async function pointsAtOnce(gpu: Gpu, input: LandscapeInput, points: PointsOf): Promise<number> {
  const { model, dataset } = input;
  const wanted = points.coefficients.length;
  const batch = Math.min(dataset.examples, statisticsBatch(input) ?? MICRO_BATCH);
  const widest = Math.max(...inferShapes(model, dataset.exampleShape).slice(1).map(size));
  const { entries, length } = parameterLayout(model);
  const placed = length - (entries[unplacedTensors(input, points.directions)]?.offset ?? length);
  const largest = Math.max(batch * widest, placed);
  let most = Math.max(1, Math.floor(WAVE / largest));
  for (;;) {
    const waves = Math.ceil(wanted / Math.min(wanted, most));
    const width = Math.ceil(wanted / waves);
    const planned = planningGpu(gpu).gpu;
    try {
      await Scope.within((scope) => openWave(planned, scope, input, points, width, placeExamples));
      return width;
    } catch (error) {
      if (!(error instanceof LimitError) || width === 1) throw error;
      most = Math.floor(width / 2);
    }
  }
}

function valuesAt(own: Evaluation, test: Evaluation | undefined): PointValues {
  const [train, tested] = [finite(own), finite(test)];
  return {
    loss: train.loss,
    accuracy: train.accuracy,
    testLoss: tested.loss,
    testAccuracy: tested.accuracy,
  };
}

/** Where the loss is not finite, the outputs that answers are counted from need not be either. */
function finite(found: Evaluation | undefined): { loss: number | null; accuracy: number | null } {
  if (!found || !Number.isFinite(found.loss)) return { loss: null, accuracy: null };
  return found;
}

function factsOf(input: LandscapeInput, points: PointsOf, found: readonly PointValues[]): LandscapeFacts {
  const interpolated = !points.origin && statisticsOf(input) === 'stored';
  const { model, dataset, test } = input;
  return {
    examples: dataset.examples,
    testExamples: test?.examples ?? null,
    parameters: dimension(parameterLayout(model)),
    batchNorm: statisticsOf(input),
    bnBatchSize: statisticsBatch(input),
    warnings: (['loss', ...(test ? (['testLoss'] as const) : [])] as const).flatMap((key) => {
      const missing = found.filter((values) => values[key] === null).length;
      if (missing === 0) return [];
      const right = key === 'loss' ? 'accuracy' : 'testAccuracy';
      const told = `${key} is not finite at ${missing} of ${found.length} points: it and ${right} are null there`;
      return [interpolated ? `${told}; a variance that is interpolated past the ends may be negative` : told];
    }),
  };
}
