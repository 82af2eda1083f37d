import { syntheticDataset } from '../../data/synthetic.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { inTurn, medianOf, type TimedProgram, timed, timeProgram } from '../../gpu/timedProgram.ts';
import type { ResultEvent, WorkEvent } from '../../host/workEvent.ts';
import { evaluatePoints, openWave, pointsAtOnce } from '../../measure/landscape/evaluatePoints.ts';
import type { LandscapeInput } from '../../measure/landscape/landscapeInput.ts';
import { initialStatistics } from '../../nn/batchNorm.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';
import { forwardPass, oneAtATime } from './singlePasses.ts';

/** A plane's grid. */
const SIDE = 51;
/** Fixed before anything was measured: of a point over a forward pass of all examples, and of the small model over one at a time. */
const LIMITS = { pass: 1.15, single: 1 / 5 };
/** Points that are evaluated one at a time for a sample. */
const SINGLES = 64;

/** What a point of a plane costs. Times in milliseconds, one a round. */
export interface LandscapeRow {
  readonly what: string;
  readonly examples: number;
  /** Points at once. */
  readonly wave: number;
  /** What it is held against: one forward pass over all examples as one batch, or one evaluation at a time. */
  readonly against: string;
  readonly single: readonly number[];
  /** A point, of a wave from the host's coefficients to losses there. */
  readonly point: readonly number[];
  /** Of the medians, and the least and largest of single rounds. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  readonly limit: number;
  /** A point of the whole plane, all that is planned, compiled and uploaded for it included; null where it was not computed as a whole. */
  readonly whole: number | null;
}

export interface LandscapeReport {
  readonly bench: 'landscape';
  readonly adapter: AdapterInfo;
  readonly rounds: number;
  readonly rows: readonly LandscapeRow[];
}

/** What is timed. */
interface Case {
  readonly what: string;
  readonly layers: readonly object[];
  readonly data: string;
  readonly against: 'a forward pass' | 'a pass for statistics and a forward pass' | 'one at a time';
  readonly whole: boolean;
}

const MNIST_SIZE = 'gaussian-clusters?examples=2048&test=0&dims=784&classes=10';

const perceptron = (inputs: number, hidden: number, classes: number, norm = false): readonly object[] => [
  { type: 'Linear', in_features: inputs, out_features: hidden },
  ...(norm ? [{ type: 'BatchNorm1d', num_features: hidden }] : []),
  { type: 'ReLU' },
  { type: 'Linear', in_features: hidden, out_features: classes },
];

const CASES: readonly Case[] = [
  {
    what: '784-128-10',
    layers: perceptron(784, 128, 10),
    data: MNIST_SIZE,
    against: 'a forward pass',
    whole: true,
  },
  {
    // A first layer that does nothing is none whose outputs could be kept.
    what: '784-128-10, its first layer computed at each point',
    layers: [{ type: 'Dropout', p: 0 }, ...perceptron(784, 128, 10)],
    data: MNIST_SIZE,
    against: 'a forward pass',
    whole: false,
  },
  {
    what: '784-128-10 with BatchNorm, statistics recomputed',
    layers: perceptron(784, 128, 10, true),
    data: MNIST_SIZE,
    against: 'a pass for statistics and a forward pass',
    whole: false,
  },
  {
    what: '16-16-4',
    layers: perceptron(16, 16, 4),
    data: 'gaussian-clusters?examples=64&test=0&dims=16&classes=4',
    against: 'one at a time',
    whole: true,
  },
];

/** Times the points of planes against forward passes of their own, and a small model's against one evaluation at a time; in turn, once a round. */
export async function* benchLandscape(
  gpu: Gpu,
  rounds: number,
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const rows: LandscapeRow[] = [];
  for (const each of CASES) {
    yield { type: 'phase', phase: `timing the plane of ${each.what}` };
    rows.push(await timeCase(gpu, each, rounds));
  }
  const result: LandscapeReport = { bench: 'landscape', adapter: gpu.info, rounds, rows };
  yield { type: 'result', result, exitCode: 0 };
}

function timeCase(
  gpu: Gpu,
  { what, layers, data, against, whole }: Case,
  rounds: number,
): Promise<LandscapeRow> {
  return Scope.within(async (scope) => {
    const model = parseModel('model', { layers, loss: 'cross_entropy' });
    const dataset = syntheticDataset(data);
    const input: LandscapeInput = { modelName: 'model', model, dataset, test: null, batchNorm: 'recompute' };
    const origin = drawn(model, 1);
    const axes = [drawn(model, 2), drawn(model, 3)];
    const coefficients = Array.from({ length: SIDE * SIDE }, (_, i) => [
      (i % SIDE) / SIDE,
      Math.floor(i / SIDE) / SIDE,
    ]);
    const points = {
      origin,
      spans: 1,
      directions: 2,
      vectors: () => axes,
      coefficients,
      statistics: [initialStatistics(model)],
    };
    const width = await pointsAtOnce(gpu, input, points);
    const wave = await openWave(gpu, scope, input, points, width, uploadExamples);
    axes.forEach((vector, k) => {
      wave.span.setDirection(k, vector);
    });
    const timeWave = async (): Promise<number> => {
      const started = performance.now();
      wave.span.setCoefficients(coefficients.slice(0, width));
      await wave.run();
      await wave.read();
      return (performance.now() - started) / width;
    };
    const timeSingle = await singleTimer(gpu, scope, { model, dataset, against, origin });
    await timeWave();
    await timeSingle();
    const samples = { point: [] as number[], single: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const which of inTurn(['point', 'single'] as const, round)) {
        samples[which].push(await (which === 'point' ? timeWave() : timeSingle()));
      }
    }
    const each = samples.point.map((ms, round) => ms / samples.single[round]!);
    return {
      what,
      examples: dataset.examples,
      wave: width,
      against,
      ...samples,
      ratio: {
        median: medianOf(samples.point) / medianOf(samples.single),
        min: Math.min(...each),
        max: Math.max(...each),
      },
      limit: against === 'one at a time' ? LIMITS.single : LIMITS.pass,
      whole: whole ? await timeWhole(gpu, input, points) : null,
    };
  });
}

/** Milliseconds of what a point is held against. */
async function singleTimer(
  gpu: Gpu,
  scope: Scope,
  {
    model,
    dataset,
    against,
    origin,
  }: {
    model: ModelSpec;
    dataset: ReturnType<typeof syntheticDataset>;
    against: Case['against'];
    origin: Float32Array;
  },
): Promise<() => Promise<number>> {
  if (against === 'one at a time') {
    const evaluate = await oneAtATime(gpu, scope, model, dataset);
    return async () => {
      const started = performance.now();
      for (let i = 0; i < SINGLES; i++) await evaluate(origin);
      return (performance.now() - started) / SINGLES;
    };
  }
  const modes = against === 'a forward pass' ? (['eval'] as const) : (['train', 'eval'] as const);
  const programs: TimedProgram[] = [];
  for (const mode of modes)
    programs.push(await timed(gpu, await forwardPass(gpu, scope, model, dataset, mode, origin)));
  return async () => {
    let total = 0;
    for (const program of programs) total += await timeProgram(gpu, program);
    return total;
  };
}

/** Milliseconds a point of the whole plane, from nothing to all losses. */
async function timeWhole(
  gpu: Gpu,
  input: LandscapeInput,
  points: Parameters<typeof evaluatePoints>[2],
): Promise<number> {
  const started = performance.now();
  const work = evaluatePoints(gpu, input, points);
  while (!(await work.next()).done);
  return (performance.now() - started) / points.coefficients.length;
}

function drawn(model: ModelSpec, seed: number): Float32Array {
  const values = new Map([...initialStateDict(model, seed)].map(([name, { data }]) => [name, data]));
  return flatValues(parameterLayout(model), values);
}
