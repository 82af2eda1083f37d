import type { AdapterInfo, Gpu } from '../../gpu/device.ts';
import type { DispatchTime } from '../../gpu/program.ts';
import { inTurn, medianOf, type TimedProgram, timed, timeProgram } from '../../gpu/timedProgram.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import type { ResultEvent, WorkEvent } from '../../host/workEvent.ts';
import { type Arithmetic, arithmetic } from './arithmetic.ts';
import { CURVATURE_MODELS, type CurvatureModel } from './curvatureModels.ts';
import { CurvatureProgram } from './curvatureProgram.ts';
import { type FollowedCosts, followedCosts } from './followedCosts.ts';
import { type TraceCosts, traceCosts } from './traceCosts.ts';

/** Vectors of the program that shares one primal pass among several. */
const VECTORS = 4;
const BATCH = 64;
/** Fixed before anything was measured: of a count, and of any Hessian product over the gradient. */
const LIMITS = { count: 1.3, product: 2.7 };
/** Past this relative difference, results are wrong. */
const TOLERANCE = 1e-3;

/** One quantity. Times in milliseconds, one a round. */
export interface CostRow {
  readonly what: string;
  readonly samples: readonly number[];
  readonly median: number;
  /** Over one gradient: of the medians, and the least and largest of single rounds. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  /** Multiply-adds over the gradient's; null where these are not what it costs. */
  readonly count: number | null;
  /** What the ratio may be at most; null where nothing is promised. */
  readonly limit: number | null;
}

export interface ModelCosts {
  readonly model: string;
  readonly batch: number;
  readonly arithmetic: Arithmetic;
  readonly rows: readonly CostRow[];
  /** |u·Hv − v·Hu| over |u·Hv|, and the largest difference between one vector's product alone and beside others. */
  readonly symmetry: number;
  readonly agreement: number;
  readonly wrong: boolean;
  /** Each dispatch of the gradient and one product, where the adapter can tell. */
  readonly profile: readonly DispatchTime[] | null;
}

export interface CurvatureReport {
  readonly bench: 'curvature';
  readonly adapter: AdapterInfo;
  readonly rounds: number;
  readonly models: readonly ModelCosts[];
  readonly traces: readonly TraceCosts[];
  readonly followed: FollowedCosts;
}

/**
 * Times Hessian products and per-example moments against one gradient, all programs once a round; then vectors side by side and exact
 * traces against one product, and training with and without its largest eigenvalue followed.
 */
export async function* benchCurvature(
  gpu: Gpu,
  rounds: number,
  host: ByteSource,
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const models: ModelCosts[] = [];
  for (const model of CURVATURE_MODELS) {
    yield { type: 'phase', phase: `timing curvature of ${model.name}` };
    models.push(await modelCosts(gpu, model, rounds));
  }
  yield { type: 'phase', phase: 'timing vectors side by side, and exact traces' };
  const traces = await traceCosts(gpu, rounds);
  yield { type: 'phase', phase: 'timing training with its largest eigenvalue followed' };
  const followed = await followedCosts(gpu, CURVATURE_MODELS[0]!, rounds, host);
  const result: CurvatureReport = {
    bench: 'curvature',
    adapter: gpu.info,
    rounds,
    models,
    traces,
    followed,
  };
  const wrong = [...models, ...traces].some((each) => each.wrong);
  yield { type: 'result', result, exitCode: wrong ? 1 : 0 };
}

async function modelCosts(gpu: Gpu, model: CurvatureModel, rounds: number): Promise<ModelCosts> {
  const open = (wanted: { gradient?: boolean; products?: number; moments?: boolean }) =>
    CurvatureProgram.open(gpu, model, BATCH, { gradient: false, products: 0, moments: false, ...wanted });
  const programs = {
    gradient: await open({ gradient: true }),
    alone: await open({ products: 1 }),
    product: await open({ gradient: true, products: 1 }),
    several: await open({ gradient: true, products: VECTORS }),
    moments: await open({ moments: true }),
  };
  type Name = keyof typeof programs;
  const names = Object.keys(programs) as Name[];
  const ready = new Map<Name, TimedProgram>();
  for (const name of names) ready.set(name, await timed(gpu, programs[name].program));
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(names, round)) samples[name].push(await timeProgram(gpu, ready.get(name)!));
  }

  const row = (
    what: string,
    times: readonly number[],
    macs: number | null,
    most: number | null = null,
  ): CostRow => {
    const single = times.map((ms, round) => ms / samples.gradient[round]!);
    const count = macs === null ? null : macs / counted.gradient;
    const limits = [...(count === null ? [] : [LIMITS.count * count]), ...(most === null ? [] : [most])];
    return {
      what,
      samples: times,
      median: medianOf(times),
      ratio: {
        median: medianOf(times) / medianOf(samples.gradient),
        min: Math.min(...single),
        max: Math.max(...single),
      },
      count,
      limit: limits.length === 0 || what === GRADIENT ? null : Math.min(...limits),
    };
  };
  const counted = arithmetic(model.model, model.inputShape);
  const further = samples.several.map((ms, round) => (ms - samples.product[round]!) / (VECTORS - 1));
  const rows = [
    row(GRADIENT, samples.gradient, counted.gradient),
    row('H·v', samples.alone, counted.productAlone, LIMITS.product),
    row('gradient and H·v', samples.product, counted.product),
    row('each further vector', further, counted.further, LIMITS.product),
    row('gradient and per-example second moments', samples.moments, null),
  ];
  const { symmetry, agreement } = await check(programs.alone, programs.several);
  const profile = gpu.device.features.has('timestamp-query')
    ? await programs.product.program.profile()
    : null;
  for (const name of names) programs[name].dispose();
  return {
    model: model.name,
    batch: BATCH,
    arithmetic: counted,
    rows,
    symmetry,
    agreement,
    wrong: !(symmetry <= TOLERANCE && agreement <= TOLERANCE),
    profile,
  };
}

const GRADIENT = 'gradient';

async function check(
  alone: CurvatureProgram,
  several: CurvatureProgram,
): Promise<{ symmetry: number; agreement: number }> {
  const [[single], [first, second]] = [await alone.readProducts(), await several.readProducts()];
  const [u, v] = several.directions as [Float32Array, Float32Array];
  const [uHv, vHu] = [dot(u, second!), dot(v, first!)];
  const largest = first!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = first!.reduce((most, value, i) => Math.max(most, Math.abs(value - single![i]!)), 0);
  return { symmetry: Math.abs(uHv - vHu) / Math.abs(uHv), agreement: apart / largest };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
