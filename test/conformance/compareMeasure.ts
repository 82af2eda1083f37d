import {
  compareExactly,
  compareList,
  compareNumber,
  compareTensor,
  type Deviation,
  type Json,
  type Tensors,
  tolerances,
} from './deviation.ts';

/**
 * A variance of exactly 0 is allowed to come out as this share of the mean square. It is (float32's 2^-24)² and a bit,
 * the square of one rounding, and stays below a thousandth of a variance that is 1e-8 of the squared mean, layer by
 * layer.
 */
const VARIANCE_FLOOR = 1e-14;

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
