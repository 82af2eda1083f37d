import { orderOf } from '../../measure/noise.ts';
import {
  noiseReasons,
  notFiniteReasons,
  type Remedies,
  unknownErrorReasons,
} from '../../measure/noiseReasons.ts';
import type { Point } from '../../measure/pass.ts';
import type { PointErrors } from '../../measure/pointErrors.ts';
import type { MeasureSettings } from './measureSpec.ts';

/** The command line's words. */
export const WORDS: Remedies = {
  evalMode: '--eval',
  ghostBatch: '--ghost-batch',
  probes: '--probes',
  shuffle: '--ghost-order shuffle draws the units at random',
  intervalOf: (name) => `${name}Interval`,
};

/**
 * What a reader has to know of a result: which keys are null and why, and what is counted.
 * @param found.errors null where there are none
 * @param found.keys of numbers that are not finite
 */
export function warnings(
  point: Point,
  spec: MeasureSettings,
  result: Readonly<Record<string, unknown>>,
  { errors, keys }: { readonly errors: PointErrors | null; readonly keys: readonly string[] },
): string[] {
  const alsoNull = [
    ...(spec.tests ? ['gradientTests'] : []),
    ...(spec.signal_to_noise ? ['signalToNoise'] : []),
    ...(spec.histogram === undefined ? [] : ['gradientHistogram']),
  ];
  return [
    ...noiseReasons(
      point,
      {
        errors,
        order: orderOf(point),
        exact: spec.exact,
        hessian: true,
        alsoNull,
        signalToNoise: spec.signal_to_noise,
      },
      WORDS,
    ),
    ...notFiniteReasons(keys),
    ...testReasons(errors, result),
    ...unknownErrorReasons(errors, (name) => result[`${name}Stderr`] === null),
  ];
}

/** Why errors of the gradient's tests are null though others are there. */
function testReasons(errors: PointErrors | null, result: Readonly<Record<string, unknown>>): string[] {
  const tests = result.gradientTests as
    | Readonly<Record<string, { stderr: number | null }>>
    | null
    | undefined;
  if (!errors?.curvature || !tests?.norm?.stderr || tests.innerProduct?.stderr) return [];
  return [
    'gradientTests: the errors of innerProduct and orthogonality are null, since the mean gradient is within its noise, and the ' +
      'examples are too few for them then',
  ];
}
