import { isCoupled } from '../nn/isCoupled.ts';
import { type Point, unitsOf } from './pass.ts';
import type { PointErrors } from './pointErrors.ts';
import type { Interval } from './statistics/interval.ts';
import type { UnitOrder } from './statistics/unitOrder.ts';

/** How messages call what would help, and the keys of intervals: a command line's words differ from the library's. */
export interface Remedies {
  readonly evalMode: string;
  readonly ghostBatch: string;
  readonly probes: string;
  /** A whole clause. */
  readonly shuffle: string;
  intervalOf(name: string): string;
}

/** The estimates whose errors rest on how the gradients differ along other vectors. */
const CURVATURE = 'gHg, traceHessianCovariance, bNoise, epsMax and deltaLossMax';

/** What there is to say of the numbers of a point. */
export interface ReasonsOf {
  /** Null where there are none. */
  readonly errors: PointErrors | null;
  /** How the order of the examples tells in the units. */
  readonly order: UnitOrder;
  readonly exact: boolean;
  /** Whether curvature was measured. */
  readonly hessian: boolean;
  /** What else was asked for that takes gradients of single units, by key. */
  readonly alsoNull?: readonly string[];
  /** Whether the signal-to-noise ratio was asked for. */
  readonly signalToNoise?: boolean;
}

/** What a reader has to know of a point's statistics: which keys are null and why, and what is counted. */
export function noiseReasons(
  point: Point,
  { errors, order, exact, hessian, alsoNull = [], signalToNoise = false }: ReasonsOf,
  words: Remedies,
): string[] {
  const { ghostBatch, examples, source } = point;
  const reasons: string[] = [];
  const units = unitsOf(point);
  const N = examples.examples;
  if (isCoupled(point) && ghostBatch === undefined) {
    reasons.push(
      'BatchNorm in train mode couples the examples, so they have no gradients of their own: perExampleGradNormSq, ' +
        'traceCovariance, gradNormSqUnbiased, bSimple, traceHessianCovariance, bNoise and all standard errors and intervals are ' +
        `null; ${words.evalMode} has them, and ${words.ghostBatch} has them of units of several examples`,
    );
    if (alsoNull.length > 0) reasons.push(`${alsoNull.join(', ')}: null for the same reason`);
  } else if (units === 1) {
    reasons.push(
      `one ${ghostBatch === undefined ? 'example' : 'unit'} has no covariance: its keys, and all standard errors and intervals, are null`,
    );
  } else if (units === 2) {
    reasons.push(
      `two ${ghostBatch === undefined ? 'examples' : 'units'} leave no standard errors and intervals over them: these are null`,
    );
  } else if (errors?.grouped) {
    reasons.push(
      'the gradients differ by less than float32 tells of their norms: the errors of traceCovariance, gradNormSqUnbiased and ' +
        `bSimple are by 16 groups of examples, those of ${CURVATURE} and of tests and ratios of the gradient are null`,
    );
  }
  if (!hessian) reasons.push(`no curvature was asked for: ${CURVATURE} are null`);
  if (signalToNoise && units > 1 && units < 5) {
    reasons.push(
      `${units} ${ghostBatch === undefined ? 'examples' : 'units'}: meanUnbiased and evidence take four, and their errors five; ` +
        'those that are not there are null',
    );
  }
  if (errors?.curvature?.bNoise && !errors.curvature.bNoise.interval) {
    reasons.push(
      `${words.intervalOf('bNoise')} is null: tr(HΣ) is not known to be positive (${words.intervalOf('traceHessianCovariance')})` +
        (exact ? '' : `; more ${words.probes} may tell`),
    );
  }
  if (ghostBatch !== undefined) {
    const drawn = source?.drawn;
    reasons.push(
      `g_i is the gradient of unit i, ${ghostBatch} ${drawn ? `examples drawn by seed ${drawn.seed}` : 'consecutive examples in file order'}: ` +
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
          words.shuffle,
      );
    }
  }
  return reasons;
}

/** Numbers of which errors are told. */
const OF_GRADIENT = ['traceCovariance', 'gradNormSqUnbiased', 'bSimple'] as const;
const OF_CURVATURE = ['gHg', 'traceHessianCovariance', 'bNoise', 'epsMax', 'deltaLossMax'] as const;

/** Why numbers are null that a point has: what is not finite. @param keys of numbers that are not finite */
export function notFiniteReasons(keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  return [
    `${keys.join(', ')}: not finite, since a number on the way passes the largest of float32, 3.4·10³⁸, or there is ` +
      'nothing to divide by; such numbers are null',
  ];
}

/** Why errors are null though others are there. @param isNull of an estimate's name, whether its standard error is null */
export function unknownErrorReasons(
  errors: PointErrors | null,
  isNull: (name: (typeof OF_GRADIENT)[number] | (typeof OF_CURVATURE)[number]) => boolean,
): string[] {
  if (!errors) return [];
  const unknown = [...OF_GRADIENT, ...(errors.curvature ? OF_CURVATURE : [])].filter(isNull);
  if (unknown.length === 0) return [];
  return [
    `standard errors and intervals of ${unknown.join(', ')} are null: without one of the examples they are no finite numbers`,
  ];
}

/** Which estimates lie outside of the interval of what they estimate. @param of an estimate by its name */
export function outsideReasons(
  of: (name: (typeof OF_GRADIENT)[number] | (typeof OF_CURVATURE)[number]) => {
    readonly value: number | null;
    readonly interval: Interval | null;
  },
): string[] {
  const outside = [...OF_GRADIENT, ...OF_CURVATURE].filter((name) => {
    const { value, interval } = of(name);
    if (value === null || !interval) return false;
    const [low, high] = interval;
    return (low !== null && value < low) || (high !== null && value > high);
  });
  if (outside.length === 0) return [];
  return [
    `${outside.join(', ')}: outside of ${outside.length === 1 ? 'its interval' : 'their intervals'}, from which the noise of the numbers ` +
      'themselves is taken off: these examples are too few to tell, and the interval is what is known',
  ];
}

/** What does not hold of examples that the weights were trained on. */
export function trainedOnReasons({ source }: Point): string[] {
  if (!source?.trainedOn) return [];
  return [
    'the weights were trained on these examples: the intervals are of the population for examples that are drawn apart from the weights, ' +
      'and miss it where the model has come to fit these; other data tell',
  ];
}
