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

export type Json = Record<string, unknown>;
export type Tensors = Map<string, Tensor>;

export const show = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

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
      )
      .replace(/([.[])\d+/g, '$1*');
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
