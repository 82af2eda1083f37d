import type { Tensor } from './readTensors.ts';

/** One compared quantity. `ratio` is error over allowance: above 1 it fails; Infinity if it is missing or no number. */
export interface Deviation {
  key: string;
  ratio: number;
  detail: string;
}

/** Relative tolerances by key; fixed beforehand, and 1e-3 for what comes from a Hessian product. */
export const tolerances = {
  loss: 1e-4,
  perExampleLoss: 1e-4,
  gradNormSq: 1e-4,
  perExampleGradNormSq: 1e-4,
  grad: 1e-4,
  traceCovariance: 1e-3,
  gradNormSqUnbiased: 1e-3,
  gradVariance: 1e-3,
  bSimple: 2e-3,
  gHg: 1e-3,
  epsMax: 1e-3,
  deltaLossMax: 1e-3,
  traceHessianCovariance: 2e-3,
  bNoise: 5e-3,
  eigenvalues: 2e-3,
  trace: 2e-3,
  hvp: 1e-3,
  trajectory: 2e-3,
};

/**
 * A variance of exactly 0 is allowed to come out as this share of the mean square. It is (float32's 2^-24)² and a bit,
 * the square of one rounding, and stays below a thousandth of a variance that is 1e-8 of the squared mean, layer by
 * layer.
 */
const VARIANCE_FLOOR = 1e-14;

type Json = Record<string, unknown>;
export type Tensors = Map<string, Tensor>;

const show = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

/** |actual − expected| against max(tolerance·|expected|, floor). A null must be met by a null. */
export function compareNumber(
  key: string,
  actual: unknown,
  expected: number | null,
  tolerance: number,
  floor = 0,
): Deviation {
  const detail = `${show(actual)}, expected ${show(expected)}`;
  if (expected === null) return { key, ratio: actual === null ? 0 : Infinity, detail };
  if (typeof actual !== 'number' || !Number.isFinite(actual)) return { key, ratio: Infinity, detail };
  return {
    key,
    ratio: overAllowance(Math.abs(actual - expected), Math.max(tolerance * Math.abs(expected), floor)),
    detail,
  };
}

/** Exact equality, for flags, counts and names. */
export function compareExactly(key: string, actual: unknown, expected: unknown): Deviation {
  const same = show(actual) === show(expected);
  return { key, ratio: same ? 0 : Infinity, detail: `${show(actual)}, expected ${show(expected)}` };
}

/** Each element against tolerance·max(|its expected value|, share·max|expected|): share 1 is relative to the largest. */
export function compareList(
  key: string,
  actual: unknown,
  expected: number[],
  tolerance: number,
  share: number,
): Deviation {
  if (!Array.isArray(actual) || actual.length !== expected.length) {
    const found = Array.isArray(actual) ? `${actual.length} elements` : show(actual);
    return { key, ratio: Infinity, detail: `${found}, expected ${expected.length} elements` };
  }
  const floor = tolerance * share * largest(expected);
  const each = expected.map((value, i) => compareNumber(`${key}[${i}]`, actual[i], value, tolerance, floor));
  const worst = worstOf(each);
  return { key, ratio: worst?.ratio ?? 0, detail: worst ? `${worst.key}: ${worst.detail}` : '' };
}

/**
 * ‖actual − expected‖ against ‖expected‖, and the largest element of the difference against max|expected|. With `each`,
 * also every element against itself, to that tolerance, down to a thousandth of the largest.
 */
export function compareTensor(
  key: string,
  actual: Tensor | undefined,
  expected: Tensor,
  tolerance: number,
  { floor = 0, each = Infinity } = {},
): Deviation {
  if (!actual) return { key, ratio: Infinity, detail: 'missing' };
  if (show(actual.shape) !== show(expected.shape)) {
    return { key, ratio: Infinity, detail: `shape ${show(actual.shape)}, expected ${show(expected.shape)}` };
  }
  const difference = Array.from(expected.data, (value, i) => actual.data[i]! - value);
  const [wholeNorm, most] = [norm(expected.data), largest(expected.data)];
  const byElement = difference.map((error, i) =>
    overAllowance(
      Math.abs(error),
      Math.max(each * Math.max(Math.abs(expected.data[i]!), 1e-3 * most), floor),
    ),
  );
  const ratios = {
    norm: overAllowance(norm(difference), Math.max(tolerance * wholeNorm, floor)),
    'largest element': overAllowance(largest(difference), Math.max(tolerance * most, floor)),
    element: each === Infinity ? 0 : largest(byElement),
  };
  const [by, ratio] = Object.entries(ratios).reduce((worst, entry) => (entry[1] > worst[1] ? entry : worst));
  const size = (value: number) => value.toExponential(2);
  const detail = `by ${by}: difference of norm ${size(norm(difference))} in ${size(wholeNorm)}, of largest element ${size(largest(difference))} in ${size(most)}`;
  return { key, ratio, detail };
}

const comparedCurvature = ['gHg', 'epsMax', 'deltaLossMax'] as const;

/** An eigenvalue near 0 is allowed to be off by this share of the largest magnitude, some tens of float32 roundings. */
const EIGENVALUE_FLOOR = 1e-5;

/**
 * A result of `basin measure` and its tensors against the expected ones. Curvature (gHg, epsMax, deltaLossMax, hvp.*)
 * must be there once `curvature` is set, and is compared wherever it is reported; so are exact traces and eigenvalues.
 */
export function compareMeasure(
  result: Json,
  tensors: Tensors,
  expected: Json,
  expectedTensors: Tensors,
  curvature: boolean,
): Deviation[] {
  const allowed = { ...tolerances, ...((expected.tolerances as Partial<typeof tolerances>) ?? {}) };
  const examples = expected.examples as number;
  const number = (key: string) => expected[key] as number | null;
  const power = (mean: number | null, trace: number | null) =>
    (mean ?? 0) + ((trace ?? 0) * (examples - 1)) / examples;
  const floor = VARIANCE_FLOOR * power(number('gradNormSq'), number('traceCovariance'));
  const unbiased = Math.abs(number('gradNormSqUnbiased') ?? 1);

  const deviations = [
    ...['mode', 'examples', 'parameters'].map((key) => compareExactly(key, result[key], expected[key])),
    compareNumber('loss', result.loss, number('loss'), allowed.loss),
    compareNumber('gradNormSq', result.gradNormSq, number('gradNormSq'), allowed.gradNormSq),
    ...(['perExampleLoss', 'perExampleGradNormSq'] as const).map((key) =>
      expected[key] === null
        ? compareExactly(key, result[key], null)
        : compareList(key, result[key], expected[key] as number[], allowed[key], 1),
    ),
    compareNumber(
      'traceCovariance',
      result.traceCovariance,
      number('traceCovariance'),
      allowed.traceCovariance,
      floor,
    ),
    compareNumber(
      'gradNormSqUnbiased',
      result.gradNormSqUnbiased,
      number('gradNormSqUnbiased'),
      allowed.gradNormSqUnbiased,
    ),
    compareNumber('bSimple', result.bSimple, number('bSimple'), allowed.bSimple, floor / unbiased),
    // With one example nothing can be resolved: null says so, false is as true.
    compareExactly('bSimpleResolved', result.bSimpleResolved || false, expected.bSimpleResolved || false),
  ];

  const layerFloors = new Map<string, number>();
  const layers = expected.layers as Record<
    string,
    { gradNormSq: number; traceCovariance: number | null; bSimple: number | null }
  >;
  const found = (result.layers ?? {}) as Record<string, Json>;
  deviations.push(compareExactly('layers', Object.keys(found).sort(), Object.keys(layers).sort()));
  for (const [name, layer] of Object.entries(layers)) {
    const floor = VARIANCE_FLOOR * power(layer.gradNormSq, layer.traceCovariance);
    const unbiased = Math.abs(layer.gradNormSq - (layer.traceCovariance ?? 0) / examples) || 1;
    layerFloors.set(name, floor);
    const key = (last: string) => `layers.${name}.${last}`;
    const own = found[name] ?? {};
    deviations.push(
      compareNumber(key('gradNormSq'), own.gradNormSq, layer.gradNormSq, allowed.gradNormSq),
      compareNumber(
        key('traceCovariance'),
        own.traceCovariance,
        layer.traceCovariance,
        allowed.traceCovariance,
        floor,
      ),
      compareNumber(key('bSimple'), own.bSimple, layer.bSimple, allowed.bSimple, floor / unbiased),
    );
  }

  for (const key of comparedCurvature) {
    if (curvature || key in result)
      deviations.push(compareNumber(key, result[key], number(key), allowed[key]));
  }
  deviations.push(...compareSpectrum(result, expected, allowed));
  for (const [name, tensor] of expectedTensors) {
    const [kind = '', ...rest] = name.split('.');
    if (kind === 'hvp' && !curvature && !tensors.has(name)) continue;
    // One per cent of each variance as well: a few large ones would hide the others.
    const options = kind === 'gradVariance' ? { floor: layerFloors.get(rest.join('.')), each: 1e-2 } : {};
    deviations.push(
      compareTensor(name, tensors.get(name), tensor, allowed[kind as keyof typeof allowed], options),
    );
  }
  return deviations;
}

interface ExpectedSpectrum {
  readonly eigenvalues: readonly { readonly value: number }[];
  readonly trace?: { readonly value: number };
}

/** tr(HΣ) and tr H where they are exact, B_noise, and as many eigenvalues as there are. */
function compareSpectrum(result: Json, expected: Json, allowed: typeof tolerances): Deviation[] {
  const deviations: Deviation[] = [];
  const { eigenvalues, trace } = expected.hessian as ExpectedSpectrum;
  const magnitudes = eigenvalues.map(({ value }) => Math.abs(value));
  const floor = EIGENVALUE_FLOOR * Math.max(...magnitudes);
  if (!('traceHessianCovarianceProbeStderr' in result)) {
    // A covariance that is rounding is weighed by the curvature.
    const least =
      VARIANCE_FLOOR * ((expected.gradNormSq as number) + ((expected.traceCovariance as number) ?? 0));
    for (const key of ['traceHessianCovariance', 'bNoise'] as const) {
      const size = key === 'bNoise' ? 1 / Math.abs((expected.gHg as number) || 1) : 1;
      const wanted = expected[key] as number | null;
      deviations.push(compareNumber(key, result[key], wanted, allowed[key], least * magnitudes[0]! * size));
    }
  }
  const found = (result.hessian ?? {}) as {
    eigenvalues?: { value: number; residual: number }[];
    trace?: { value: number; stderr: number | null };
  };
  if (found.eigenvalues) {
    const count = Math.min(found.eigenvalues.length, eigenvalues.length);
    deviations.push(compareExactly('eigenvalues', count, Math.min(5, expected.parameters as number)));
    for (let k = 0; k < count; k++) {
      const { value, residual } = found.eigenvalues[k]!;
      const key = `eigenvalues.${k}`;
      deviations.push(
        compareNumber(key, value, eigenvalues[k]!.value, allowed.eigenvalues, floor),
        // The residual bounds the error: it may be small beside the eigenvalue, or beside the largest.
        compareNumber(`${key}.residual`, residual, 0, 0, Math.max(2e-3 * Math.abs(value), floor)),
      );
    }
  }
  if (found.trace && found.trace.stderr === 0 && trace) {
    const sum = magnitudes.reduce((total, value) => total + value, 0);
    deviations.push(compareNumber('trace', found.trace.value, trace.value, allowed.trace, 1e-6 * sum));
  }
  return deviations;
}

/**
 * A result of `basin train` and its final tensors against the expected ones, for one run or for replicas.
 * `startOf(replica)` gives the initial weights: weights are compared as they are, and by how far they travelled.
 */
export function compareTrain(
  result: Json,
  tensors: Tensors,
  expected: Json,
  expectedTensors: Tensors,
  startOf: (replica: number) => Tensors,
): Deviation[] {
  const deviations: Deviation[] = [];
  if (expected.replicas) {
    const found = (result.replicas ?? []) as Json[];
    const wanted = expected.replicas as Json[];
    deviations.push(compareExactly('replicas', found.length, wanted.length));
    wanted.forEach((run, r) => {
      deviations.push(...compareRun(`replicas.${r}.`, found[r] ?? {}, run));
    });
  } else {
    deviations.push(...compareRun('', result, expected));
  }

  const diverged = (name: string) => {
    const replica = /^replica\.(\d+)\./.exec(name)?.[1];
    return (replica ? (expected.replicas as Json[])[Number(replica)] : expected)?.diverged !== undefined;
  };
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite))
      deviations.push({ key: name, ratio: Infinity, detail: 'holds a number that is not finite' });
  }
  const names = [...tensors.keys()].filter((name) => !diverged(name));
  deviations.push(compareExactly('tensor names', names.sort(), [...expectedTensors.keys()].sort()));
  for (const [name, tensor] of expectedTensors) {
    const [, replica = '0', parameter = ''] =
      /^(?:replica\.(\d+)\.)?(?:(?:swa|ema)\.)?(.*)$/.exec(name) ?? [];
    const start = startOf(Number(replica)).get(parameter);
    const actual = tensors.get(name);
    deviations.push(compareTensor(name, actual, tensor, tolerances.trajectory));
    deviations.push(
      compareTensor(`travel of ${name}`, minus(actual, start), minus(tensor, start)!, tolerances.trajectory),
    );
  }
  return deviations;
}

function compareRun(prefix: string, result: Json, expected: Json): Deviation[] {
  if (expected.diverged) {
    const { step, reason } = (result.diverged ?? {}) as { step?: unknown; reason?: unknown };
    const said =
      Number.isInteger(step) && (step as number) >= 1 && typeof reason === 'string' && reason !== '';
    const detail = `${show(result.diverged)}, expected {step, reason}`;
    return [{ key: `${prefix}diverged`, ratio: said ? 0 : Infinity, detail }];
  }
  const deviations = [
    // A loss near 0 by a lucky batch is not asked for more digits than the run has.
    compareList(`${prefix}losses`, result.losses, expected.losses as number[], tolerances.trajectory, 1e-2),
  ];
  for (const key of ['finalLoss', 'swaLoss', 'emaLoss']) {
    if (!(key in expected)) continue;
    deviations.push(compareNumber(prefix + key, result[key], expected[key] as number, tolerances.trajectory));
  }
  // The fixtures hold no near ties, so the count of right answers is exact.
  if ('accuracy' in expected) {
    deviations.push(compareNumber(`${prefix}accuracy`, result.accuracy, expected.accuracy as number, 1e-6));
  }
  return deviations;
}

/** The worst deviation of a list, or undefined of an empty one. */
export function worstOf(deviations: Deviation[]): Deviation | undefined {
  return deviations.reduce<Deviation | undefined>(
    (worst, deviation) => (worst && worst.ratio >= deviation.ratio ? worst : deviation),
    undefined,
  );
}

/** Worst deviation by kind of key: names of layers, tensors and replicas are folded together. */
export function worstByKind(deviations: Deviation[]): Map<string, Deviation> {
  const worst = new Map<string, Deviation>();
  for (const deviation of deviations) {
    const kind = deviation.key
      .replace(/^layers\..*\.(\w+)$/, 'layers.*.$1')
      .replace(/^replicas\.\d+\./, 'replicas.*.')
      .replace(/replica\.\d+\./, '')
      .replace(
        /((?:^| of )(?:\w+\.)?)\d+\.(?:weight|bias|running_mean|running_var|num_batches_tracked)$/,
        '$1*',
      );
    const known = worst.get(kind);
    if (!known || deviation.ratio > known.ratio) worst.set(kind, deviation);
  }
  return worst;
}

function overAllowance(error: number, allowance: number): number {
  if (Number.isNaN(error)) return Infinity;
  return error === 0 ? 0 : error / allowance;
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** NaN if any element is, so that a NaN cannot hide. */
function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

function minus(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b || a.data.length !== b.data.length) return undefined;
  return { shape: a.shape, data: Float32Array.from(a.data, (value, i) => value - b.data[i]!) };
}
