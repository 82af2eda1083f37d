import { isCoupled, type Point, unitsOf } from '../../measure/pass.ts';

/** What a reader has to know of a point's statistics: which keys are null and why, and what is counted. */
export function warnings(point: Point): string[] {
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
