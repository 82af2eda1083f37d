import { type GradientSample, leaveOneOut } from '../../measure/leaveOneOut.ts';
import { isCoupled, type Point, unitsOf } from '../../measure/pass.ts';
import type { MeasureSettings } from './measureSpec.ts';

/**
 * What a reader has to know of a point's statistics: which keys are null and why, and what is counted.
 * @param sample null where there is no covariance
 */
export function warnings(point: Point, spec: MeasureSettings, sample: GradientSample | null): string[] {
  const { ghostBatch, examples } = point;
  const reasons: string[] = [];
  const units = unitsOf(point);
  const N = examples.examples;
  if (isCoupled(point) && ghostBatch === undefined) {
    reasons.push(
      'BatchNorm in train mode couples the examples, so they have no gradients of their own: perExampleGradNormSq, ' +
        'traceCovariance, gradNormSqUnbiased, bSimple, traceHessianCovariance and bNoise are null; --eval has them, and ' +
        '--ghost-batch has them of units of several examples',
    );
    const asked = [
      ...(spec.tests ? ['gradientTests'] : []),
      ...(spec.signal_to_noise ? ['signalToNoise'] : []),
      ...(spec.histogram === undefined ? [] : ['gradientHistogram']),
    ];
    if (asked.length > 0) reasons.push(`${asked.join(', ')}: null for the same reason`);
  } else if (units === 1) {
    reasons.push(`one ${ghostBatch === undefined ? 'example' : 'unit'} has no covariance: its keys are null`);
  }
  if (sample && units < 3) {
    reasons.push(
      `two ${ghostBatch === undefined ? 'examples' : 'units'} leave no standard errors over them: these are null`,
    );
  } else if (sample && !leaveOneOut(sample)) {
    reasons.push(
      'the gradients differ by less than float32 tells of their norms, so that the standard errors of traceCovariance, ' +
        'gradNormSqUnbiased, bSimple and of tests and ratios of them are null',
    );
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
