import type { Noise } from '../../measure/noise.ts';
import type { Point } from '../../measure/pass.ts';
import { namedEstimate } from '../../measure/statistics/measured.ts';

/**
 * The keys that every measurement has (interfaces, §3), by the numbers of a point. `…Stderr` is the standard error of the number that is
 * reported, over the examples (units); `…Interval` the 95 % interval of what it is an estimate of, the true gradient's and Hessian's number: its
 * ends are null at infinity.
 * @param perExampleLoss the examples' losses as in the file; in `noise` they are in the order in which they are in units
 * @param exact whether tr(HΣ) is not by probes
 */
export function measureResult(
  point: Point,
  perExampleLoss: Float32Array,
  noise: Omit<Noise, 'warnings'>,
  exact: boolean,
): Record<string, unknown> {
  const { layout, examples, context, ghostBatch } = point;
  const { traceHessianCovariance: trace } = noise;
  return {
    mode: context.mode,
    examples: examples.examples,
    ...(ghostBatch === undefined ? {} : { ghostBatch, units: noise.units }),
    parameters: layout.entries.reduce((total, { elements }) => total + elements, 0),
    loss: noise.loss,
    perExampleLoss: [...perExampleLoss],
    gradNormSq: noise.gradNormSq,
    perExampleGradNormSq: noise.perExampleGradNormSq && [...noise.perExampleGradNormSq],
    ...namedEstimate('traceCovariance', noise.traceCovariance),
    ...namedEstimate('gradNormSqUnbiased', noise.gradNormSqUnbiased),
    ...namedEstimate('bSimple', noise.bSimple),
    bSimpleResolved: noise.bSimpleResolved,
    ...namedEstimate('gHg', noise.gHg),
    ...namedEstimate('traceHessianCovariance', trace),
    ...(trace.value !== null && !exact ? { traceHessianCovarianceProbeStderr: trace.probeStderr } : {}),
    ...namedEstimate('bNoise', noise.bNoise),
    ...namedEstimate('epsMax', noise.epsMax),
    ...namedEstimate('deltaLossMax', noise.deltaLossMax),
    layers: noise.layers,
  };
}
