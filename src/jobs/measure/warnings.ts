import { type Point, unitsOf } from '../../measure/pass.ts';
import type { UnitOrder } from '../../measure/statistics/unitOrder.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import type { MeasureSettings } from './measureSpec.ts';
import type { PointErrors } from './pointErrors.ts';

/** The estimates whose errors rest on how the gradients differ along other vectors. */
const CURVATURE = 'gHg, traceHessianCovariance, bNoise, epsMax and deltaLossMax';

/**
 * What a reader has to know of a point's statistics: which keys are null and why, and what is counted.
 * @param errors null where there are none
 * @param order how the file's order tells in the units
 */
export function warnings(
  point: Point,
  spec: MeasureSettings,
  errors: PointErrors | null,
  order: UnitOrder,
): string[] {
  const { ghostBatch, examples } = point;
  const reasons: string[] = [];
  const units = unitsOf(point);
  const N = examples.examples;
  if (isCoupled(point) && ghostBatch === undefined) {
    reasons.push(
      'BatchNorm in train mode couples the examples, so they have no gradients of their own: perExampleGradNormSq, ' +
        'traceCovariance, gradNormSqUnbiased, bSimple, traceHessianCovariance, bNoise and all standard errors and intervals are ' +
        'null; --eval has them, and --ghost-batch has them of units of several examples',
    );
    const asked = [
      ...(spec.tests ? ['gradientTests'] : []),
      ...(spec.signal_to_noise ? ['signalToNoise'] : []),
      ...(spec.histogram === undefined ? [] : ['gradientHistogram']),
    ];
    if (asked.length > 0) reasons.push(`${asked.join(', ')}: null for the same reason`);
  } else if (units === 1) {
    reasons.push(
      `one ${ghostBatch === undefined ? 'example' : 'unit'} has no covariance: its keys, and all standard errors and intervals, are null`,
    );
  } else if (units === 2) {
    reasons.push(
      `two ${ghostBatch === undefined ? 'examples' : 'units'} leave no standard errors and intervals over them: these are null`,
    );
  } else if (errors && !errors.curvature) {
    reasons.push(
      'the gradients differ by less than float32 tells of their norms: the errors of traceCovariance, gradNormSqUnbiased and ' +
        `bSimple are by 16 groups of examples, those of ${CURVATURE} and of tests and ratios of the gradient are null`,
    );
  }
  if (spec.signal_to_noise && units > 1 && units < 5) {
    reasons.push(
      `${units} ${ghostBatch === undefined ? 'examples' : 'units'}: meanUnbiased and evidence take four, and their errors five; ` +
        'those that are not there are null',
    );
  }
  if (errors?.curvature?.bNoise && !errors.curvature.bNoise.interval) {
    reasons.push(
      'bNoiseInterval is null: tr(HΣ) is not known to be positive (traceHessianCovarianceInterval)' +
        (spec.exact ? '' : '; more --probes may tell'),
    );
  }
  if (ghostBatch !== undefined) {
    const shuffled = spec.ghost_order === 'shuffle';
    reasons.push(
      `g_i is the gradient of unit i, ${ghostBatch} ${shuffled ? `examples drawn by seed ${spec.seed}` : 'consecutive examples in file order'}: ` +
        `there are ${units} of perExampleGradNormSq, Σ is their covariance, and bSimple and bNoise count units`,
    );
    const rest = N % ghostBatch;
    if (rest > 0) {
      reasons.push(
        `the last unit has ${rest} examples, fewer than ${ghostBatch}, and weighs as much as the others`,
      );
    }
    if (order !== 'random') {
      reasons.push(
        `the file's order tells: its units ${order === 'alike' ? 'are more alike in their targets than random ones, as where classes take turns' : 'differ more in their targets than random ones, as where classes are sorted'}, ` +
          `so that traceCovariance, bSimple, traceHessianCovariance and bNoise are ${order === 'alike' ? 'smaller' : 'larger'} than those of random batches; ` +
          '--ghost-order shuffle draws the units at random',
      );
    }
  }
  return reasons;
}

/**
 * Why numbers are null that a point has: what is not finite, and errors that are not there though others are.
 * @param keys of numbers that are not finite
 */
export function nullReasons(
  result: Readonly<Record<string, unknown>>,
  errors: PointErrors | null,
  keys: readonly string[],
): string[] {
  const reasons: string[] = [];
  if (keys.length > 0) {
    reasons.push(
      `${keys.join(', ')}: not finite, since a number on the way passes the largest of float32, 3.4·10³⁸, or there is ` +
        'nothing to divide by; such numbers are null',
    );
  }
  if (!errors) return reasons;
  const tests = result.gradientTests as
    | Readonly<Record<string, { stderr: number | null }>>
    | null
    | undefined;
  if (errors.curvature && tests?.norm?.stderr && !tests.innerProduct?.stderr) {
    reasons.push(
      'gradientTests: the errors of innerProduct and orthogonality are null, since the mean gradient is within its noise, and the ' +
        'examples are too few for them then',
    );
  }
  const names = ['traceCovariance', 'gradNormSqUnbiased', 'bSimple'];
  if (errors.curvature) names.push('gHg', 'traceHessianCovariance', 'bNoise', 'epsMax', 'deltaLossMax');
  const unknown = names.filter((name) => result[`${name}Stderr`] === null);
  if (unknown.length > 0) {
    reasons.push(
      `standard errors and intervals of ${unknown.join(', ')} are null: without one of the examples they are no finite numbers`,
    );
  }
  return reasons;
}
