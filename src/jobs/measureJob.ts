import { z } from 'zod';
import { fitDataset } from '../data/dataset.ts';
import { loadDataset } from '../data/loadDataset.ts';
import { readSafetensors, type Tensor, writeSafetensors } from '../data/safetensors.ts';
import { uploadExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { batchGradient } from '../measure/batchGradient.ts';
import { type Eigenpair, eigenvalues } from '../measure/eigenvalues.ts';
import { dot64, type Estimate } from '../measure/estimate.ts';
import { type GradientMoments, gradientMoments } from '../measure/gradientMoments.ts';
import { estimateTrace, exactTrace } from '../measure/hessianTrace.ts';
import { gradientNoise } from '../measure/noiseScale.ts';
import { CurvatureOperator } from '../measure/operator.ts';
import { isCoupled, type Point, unitsOf } from '../measure/pass.ts';
import {
  logDeterminant,
  type SpectralDensity,
  spectralDensity,
  spectralQuadrature,
} from '../measure/spectralDensity.ts';
import { estimateTraceCovariance, exactTraceCovariance } from '../measure/traceHessianCovariance.ts';
import { bufferLayout, requireBatches } from '../nn/batchNorm.ts';
import { parameterLayout, requireSupported } from '../nn/forward.ts';
import { InputError } from '../nn/inputError.ts';
import { parseModel, type StateTensor, stateDictLayout } from '../nn/modelSpec.ts';
import { loadStateDict } from '../nn/stateDict.ts';
import { type FlatLayout, flatValues, partValues } from './flatValues.ts';
import type { JobEvent, JobHost } from './jobEvent.ts';
import { RunKernels } from './kernels/chosenKernels.ts';
import { kernelRecordSchema } from './kernels/kernelRecord.ts';

const schema = z.strictObject({
  model: z.string(),
  weights: z.string(),
  data: z.string(),
  weights_prefix: z.string().optional(),
  /** A file with a vector by state-dict names, to be multiplied by the Hessian. */
  hvp: z.string().optional(),
  /** Also find the largest eigenvalues of the Hessian: so many. */
  eigenvalues: z.int().min(1).optional(),
  /** And the smallest. */
  smallest: z.int().min(1).optional(),
  /** Estimate the density of the eigenvalues. */
  density: z.boolean().default(false),
  /** Estimate the logarithm of the determinant, of the matrix plus so many times the identity. */
  log_det: z.number().optional(),
  /** Vectors from which the density and the determinant are estimated, and Lanczos steps from each. */
  starts: z.int().min(2).default(8),
  steps: z.int().min(1).default(64),
  /** The matrix whose eigenvalues, trace and density are asked for. */
  operator: z.enum(['hessian', 'gauss-newton', 'empirical-fisher']).default('hessian'),
  /** Each so many consecutive examples are one unit, a batch of its own. */
  ghost_batch: z.int().min(1).optional(),
  /** Also estimate the Hessian's trace. */
  trace: z.boolean().default(false),
  /** Traces from every example and every coordinate, not from probes. */
  exact: z.boolean().default(false),
  /** Random vectors behind each estimate, and their seed. */
  probes: z.int().min(2).default(16),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  eval: z.boolean().default(false),
  /** The kernel choices of an earlier result, to be taken again. */
  kernels: kernelRecordSchema.optional(),
});

/** What `basin measure` measures (interfaces, §3). Paths as the host reads them. */
export type MeasureSpec = z.input<typeof schema>;

/**
 * Statistics of the gradient and curvature at one point, in one pass over all examples of the data.
 * @throws InputError for input that is refused, and for a loss that is not finite, naming the first such example
 */
export async function* measureJob(
  device: Gpu,
  given: MeasureSpec,
  host: JobHost,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'phase', phase: 'reading data' };
  const { job: _, ...rest } = given as MeasureSpec & { job?: string };
  const spec = parseSpec(rest);
  const kernels = new RunKernels(device, spec.kernels);
  const gpu: Gpu = { ...device, kernels };
  const model = parseModel(spec.model, await host.read(spec.model));
  const fitted = fitDataset(await loadDataset(spec.data, host), model, spec.model);
  const { dataset, shapes } = fitted;
  requireSupported(spec.model, model, shapes);
  const context = { mode: spec.eval ? ('eval' as const) : ('train' as const) };
  const layout = parameterLayout(model);
  const stateLayout = stateDictLayout(model);
  if (
    spec.operator === 'empirical-fisher' &&
    spec.ghost_batch === undefined &&
    isCoupled({ model, context })
  ) {
    throw new InputError(
      'measure',
      'operator',
      'empirical-fisher needs examples with gradients of their own, and BatchNorm in train mode couples them; ' +
        'take --eval, or --ghost-batch',
    );
  }
  const tensorsOf = async (path: string, prefix?: string): Promise<Map<string, Float32Array>> =>
    loadStateDict(path, readSafetensors(path, await host.read(path)), stateLayout, { prefix });
  const weights = await tensorsOf(spec.weights, spec.weights_prefix);
  const vector = spec.hvp === undefined ? null : await readVector(spec.hvp, stateLayout, host);
  const N = dataset.examples;
  const ghostBatch = spec.ghost_batch;
  // Whether batches, not examples, are what has a gradient of its own.
  const coupled = isCoupled({ model, context });
  if (coupled) {
    const batch = Math.min(N, ghostBatch ?? N);
    const batchSizes = [batch, N % batch || batch];
    requireBatches(spec.model, model, shapes, { batchSizes, measures: false, passes: null });
    requireOneBatch(gpu, spec.data, batch, shapes);
  }

  yield { type: 'phase', phase: 'measuring' };
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  const examples = uploadExamples(gpu, dataset);
  const statistics = bufferLayout(model);
  const buffers =
    spec.eval && statistics.length > 0
      ? new State(gpu, { label: 'running statistics', shape: [statistics.length] })
      : null;
  try {
    theta.write(flatValues(layout, weights));
    buffers?.write(flatValues(statistics, weights));
    const point: Point = { model, layout, theta, examples, context: { ...context, buffers }, ghostBatch };
    const units = unitsOf(point);
    const alone = !coupled || ghostBatch !== undefined;
    const moments: Moments = !alone
      ? { ...(await batchGradient(gpu, point)), perExampleGradNormSq: null, centredSquares: null }
      : await gradientMoments(gpu, point);
    const covariance = units > 1 && alone;
    yield { type: 'progress', done: N, total: 2 * N, unit: 'examples' };
    const bad = moments.perExampleLoss.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) {
      throw new InputError(
        spec.data,
        `example ${bad}`,
        `its loss is ${moments.perExampleLoss[bad]}, expected a finite number`,
      );
    }
    const directions = [moments.mean, ...(vector ? [flatValues(layout, vector)] : [])];
    const { products, traceHessianCovariance } = await hessianProducts(gpu, point, directions, moments.mean, {
      ...spec,
      covariance,
    });
    const spectral = yield* spectralResults(gpu, point, spec);
    yield { type: 'progress', done: 2 * N, total: 2 * N, unit: 'examples' };

    const gHg = dot64(moments.mean, products[0]!);
    const whole = summary(moments.mean, moments.centredSquares, units);
    const result = {
      mode: spec.eval ? 'eval' : 'train',
      examples: N,
      ...(ghostBatch === undefined ? {} : { ghostBatch, units }),
      parameters: layout.entries.reduce((total, { elements }) => total + elements, 0),
      loss: meanOverUnits(moments.perExampleLoss, ghostBatch ?? 1),
      perExampleLoss: [...moments.perExampleLoss],
      gradNormSq: whole.gradNormSq,
      perExampleGradNormSq: moments.perExampleGradNormSq && [...moments.perExampleGradNormSq],
      traceCovariance: whole.traceCovariance,
      gradNormSqUnbiased: whole.gradNormSqUnbiased,
      bSimple: whole.bSimple,
      bSimpleResolved: whole.bSimpleResolved,
      gHg,
      traceHessianCovariance: traceHessianCovariance?.value ?? null,
      ...(traceHessianCovariance && !spec.exact
        ? { traceHessianCovarianceStderr: traceHessianCovariance.stderr }
        : {}),
      bNoise: traceHessianCovariance
        ? ratio(traceHessianCovariance.value, gHg - traceHessianCovariance.value / units)
        : null,
      epsMax: ratio(whole.gradNormSq, gHg),
      deltaLossMax: ratio(whole.gradNormSq ** 2, 2 * gHg),
      layers: Object.fromEntries(
        layout.entries.map((entry, i) => {
          const { gradNormSq, traceCovariance, bSimple } = summary(
            partValues(layout, moments.mean, i),
            moments.centredSquares && partValues(layout, moments.centredSquares, i),
            units,
          );
          return [entry.name, { gradNormSq, traceCovariance, bSimple }];
        }),
      ),
      ...(Object.keys(spectral.results).length > 0 ? { [OPERATORS[spec.operator]]: spectral.results } : {}),
      kernels: kernels.record,
      warnings: [...warnings(point, coupled), ...spectral.warnings],
    };
    yield {
      type: 'result',
      result,
      tensors: writeSafetensors(tensors(layout, moments, products[1], units)),
      exitCode: 0,
    };
  } finally {
    theta.dispose();
    buffers?.dispose();
    examples.dispose();
  }
}

/** What is known of the gradients over the data; null where examples have none of their own. */
type Moments = Pick<GradientMoments, 'perExampleLoss' | 'mean'> & {
  readonly [K in 'perExampleGradNormSq' | 'centredSquares']: Float32Array | null;
};

function warnings(point: Point, coupled: boolean): string[] {
  const { ghostBatch, examples } = point;
  const reasons: string[] = [];
  const units = unitsOf(point);
  const N = examples.examples;
  if (coupled && ghostBatch === undefined) {
    reasons.push(
      'BatchNorm in train mode couples the examples, so they have no gradients of their own: perExampleGradNormSq, ' +
        'traceCovariance, gradNormSqUnbiased, bSimple, traceHessianCovariance and bNoise are null; --eval has them, and ' +
        '--ghost-batch has them of units of several examples',
    );
  } else if (units === 1) {
    reasons.push(`one ${ghostBatch === undefined ? 'example' : 'unit'} has no covariance: its keys are null`);
  }
  if (ghostBatch !== undefined) {
    reasons.push(
      `g_i is the gradient of unit i, ${ghostBatch} consecutive examples: there are ${units} of perExampleGradNormSq, Σ is ` +
        'their covariance, and bSimple and bNoise count units',
    );
    const rest = N % ghostBatch;
    if (rest > 0) {
      reasons.push(
        `the last unit has ${rest} examples, fewer than ${ghostBatch}, and weighs as much as the others`,
      );
    }
  }
  return reasons;
}

/** A vector by state-dict names of parameters; what a state dict holds beside them is left alone. */
async function readVector(
  path: string,
  layout: readonly StateTensor[],
  host: JobHost,
): Promise<Map<string, Float32Array>> {
  const tensors = readSafetensors(path, await host.read(path));
  for (const { name, kind } of layout) if (kind === 'buffer') tensors.delete(name);
  return loadStateDict(
    path,
    tensors,
    layout.filter(({ kind }) => kind === 'parameter'),
  );
}

/**
 * Refuses data that do not fit on the device as one batch.
 * @throws InputError with the memory that the batch needs and the limit
 */
function requireOneBatch(
  gpu: Gpu,
  file: string,
  examples: number,
  shapes: readonly (readonly number[])[],
): void {
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  const bytes = shapes.map((shape) => shape.reduce((product, extent) => product * extent, 4 * examples));
  const largest = Math.max(...bytes);
  if (largest <= limit) return;
  const total = bytes.reduce((sum, each) => sum + each, 0);
  throw new InputError(
    file,
    `${examples} examples`,
    `BatchNorm in train mode takes them as one batch, whose largest activation has ${largest} bytes (all of them ` +
      `${total}), this adapter's largest storage binding is ${limit} bytes; take fewer examples, --ghost-batch, or --eval`,
  );
}

/** Vectors that are multiplied by the Hessian in one pass over the data. */
const WIDTH = 4;

/** The key under which a matrix's spectrum is reported. */
const OPERATORS = {
  hessian: 'hessian',
  'gauss-newton': 'gaussNewton',
  'empirical-fisher': 'empiricalFisher',
} as const;

type Spec = z.output<typeof schema>;

/** H·v of some vectors, and tr(HΣ), null where there is no covariance. */
async function hessianProducts(
  gpu: Gpu,
  point: Point,
  directions: readonly Float32Array[],
  mean: Float32Array,
  { exact, probes, seed, covariance }: Spec & { covariance: boolean },
): Promise<{ products: readonly Float32Array[]; traceHessianCovariance: Estimate | null }> {
  const hessian = await CurvatureOperator.open(gpu, point, WIDTH);
  try {
    const products = await hessian.times(directions);
    if (!covariance) return { products, traceHessianCovariance: null };
    const traceHessianCovariance = exact
      ? await exactTraceCovariance(gpu, point, hessian, mean)
      : await estimateTraceCovariance(gpu, point, hessian, { probes, seed });
    return { products, traceHessianCovariance };
  } finally {
    hessian.dispose();
  }
}

interface SpectralResults {
  results: {
    eigenvalues?: readonly Eigenpair[];
    smallest?: readonly Eigenpair[];
    trace?: Estimate;
    density?: SpectralDensity;
    logDeterminant?: Estimate | null;
  };
  warnings: string[];
}

/** What was asked for of the matrix's spectrum. */
async function* spectralResults(
  gpu: Gpu,
  point: Point,
  spec: Spec,
): AsyncGenerator<JobEvent, SpectralResults, void> {
  const { exact, probes, seed, operator: kind } = spec;
  const made: SpectralResults = { results: {}, warnings: [] };
  if (spec.trace) {
    yield { type: 'phase', phase: 'estimating the trace' };
    const wide = await CurvatureOperator.open(gpu, point, WIDTH, kind);
    try {
      made.results.trace = exact
        ? await exactTrace(gpu, wide)
        : await estimateTrace(gpu, wide, { probes, seed });
    } finally {
      wide.dispose();
    }
  }
  const sampled = spec.density || spec.log_det !== undefined;
  if (!sampled && spec.eigenvalues === undefined && spec.smallest === undefined) return made;
  // One vector at a time: Lanczos's process has no more.
  const operator = await CurvatureOperator.open(gpu, point, 1, kind);
  try {
    for (const [key, which] of [
      ['eigenvalues', 'largest'],
      ['smallest', 'smallest'],
    ] as const) {
      const count = spec[key];
      if (count === undefined) continue;
      yield { type: 'phase', phase: `finding the ${which} eigenvalues` };
      const { pairs, products, converged } = await eigenvalues(gpu, operator, { count, which, seed });
      made.results[key] = pairs;
      if (!converged) {
        made.warnings.push(
          `the ${which} eigenvalues did not converge in ${products} products: their residuals say how far they are`,
        );
      }
    }
    if (sampled) {
      yield { type: 'phase', phase: 'estimating the spectral density' };
      const { starts, steps } = spec;
      const quadrature = await spectralQuadrature(gpu, operator, { starts, steps, seed });
      if (spec.density) made.results.density = spectralDensity(quadrature);
      if (spec.log_det !== undefined) {
        try {
          made.results.logDeterminant = logDeterminant(quadrature, spec.log_det);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          made.results.logDeterminant = null;
          made.warnings.push(error.message);
        }
      }
    }
    return made;
  } finally {
    operator.dispose();
  }
}

function parseSpec(spec: unknown): z.output<typeof schema> {
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const key = issue.code === 'unrecognized_keys' ? issue.keys[0]! : issue.path.join('.');
  throw new InputError(
    'measure',
    key,
    issue.code === 'unrecognized_keys' ? 'is not measured by this version' : issue.message,
  );
}

interface Summary {
  readonly gradNormSq: number;
  readonly traceCovariance: number | null;
  readonly gradNormSqUnbiased: number | null;
  readonly bSimple: number | null;
  readonly bSimpleResolved: boolean;
}

/** Norm and covariance of a part of the gradient; in float64, from float32 coordinates. */
function summary(mean: Float32Array, centredSquares: Float32Array | null, examples: number): Summary {
  const gradNormSq = dot64(mean, mean);
  if (examples < 2 || !centredSquares) {
    return {
      gradNormSq,
      traceCovariance: null,
      gradNormSqUnbiased: null,
      bSimple: null,
      bSimpleResolved: false,
    };
  }
  return gradientNoise(gradNormSq, sum64(centredSquares) / (examples - 1), examples);
}

function tensors(
  layout: FlatLayout,
  { mean, centredSquares }: Pick<Moments, 'mean' | 'centredSquares'>,
  product: Float32Array | undefined,
  examples: number,
): Map<string, Tensor> {
  const named = new Map<string, Tensor>();
  const put = (prefix: string, flat: Float32Array): void => {
    layout.entries.forEach(({ name, shape }, i) => {
      named.set(prefix + name, { dtype: 'F32', shape: [...shape], data: partValues(layout, flat, i) });
    });
  };
  put('grad.', mean);
  if (examples > 1 && centredSquares) {
    put(
      'gradVariance.',
      centredSquares.map((squares) => squares / (examples - 1)),
    );
  }
  if (product) put('hvp.', product);
  return named;
}

/** Null only for a zero denominator. */
function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}

function sum64(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean over units of b examples, the last one of what is left, of their means. */
function meanOverUnits(losses: Float32Array, b: number): number {
  const units = Math.ceil(losses.length / b);
  return (
    Array.from({ length: units }, (_, u) => losses.subarray(u * b, (u + 1) * b)).reduce(
      (total, unit) => total + sum64(unit) / unit.length,
      0,
    ) / units
  );
}
