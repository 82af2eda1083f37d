import { attend, attentionGradient } from '../../ops/attention.ts';
import { attention as reference, attentionGradient as referenceGradient } from '../../reference/attention.ts';
import { expError, productScale, sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { random } from '../values.ts';

/** Matrices of queries, keys and values, and how large the queries are. */
export interface AttentionCase {
  readonly matrices: number;
  readonly places: number;
  readonly width: number;
  readonly causal: boolean;
  /** Queries are in [−queries, queries], all else in [−1, 1]. */
  readonly queries?: number;
}

/**
 * Rows of 1 to 8 numbers, in fours and not; scores of more than exp can take. Kernels for wider rows are unrolled further, and take a CPU
 * up to 15 s each to compile: the tests of the ops have those.
 */
const CASES: readonly AttentionCase[] = [
  { matrices: 1, places: 1, width: 1, causal: true },
  { matrices: 5, places: 33, width: 3, causal: false },
  { matrices: 3, places: 65, width: 8, causal: true },
  { matrices: 2, places: 33, width: 8, causal: true, queries: 300 },
];

/**
 * What is allowed to the results of a case.
 *
 * A score errs by the rounding of its products (its size is that of l at most, where it counts), an exponential by expError of what is
 * within a few of the largest score, which is all of the weight; so a weight errs, relative to it, by `weight`. What is a mean by weights
 * errs by that twice, its numerator and its denominator; a key gets at most `column` of weights from all queries.
 */
function tolerances({ places, width, queries = 1 }: AttentionCase, l: Float64Array, column = 1) {
  const scale = 1 / Math.sqrt(width);
  const top = l.reduce((largest, v) => Math.max(largest, Math.abs(v)), 1);
  const score = scale * queries * sumTolerance(width + 2, 2 * productScale(width)) + 4 * U * top;
  const weight = expError(8) + 2 * score;
  const slope = Math.min(width, 4 * productScale(width));
  const change = 2 * slope * (weight + 2 ** -21) + 2 * sumTolerance(width + 1, slope);
  const sum = (size: number): number => sumTolerance(places + 8, size);
  return {
    o: 2 * weight + sum(1),
    l: weight + 2 ** -21,
    dq: scale * (change + sum(2 * slope)),
    dk: scale * queries * column * (change + sum(2 * slope)),
    dv: column * (weight + 2 ** -21 + sum(1)),
  };
}

function extents({ places, width, causal }: AttentionCase) {
  return { places, width, causal, scale: 1 / Math.sqrt(width) };
}

function operandsOf(
  { matrices, places, width, queries = 1 }: AttentionCase,
  seed: number,
): Trial['operands'] {
  const shape = [matrices, places, width];
  return {
    q: random(shape, seed, { low: -queries, high: queries }),
    k: random(shape, seed + 1),
    v: random(shape, seed + 2),
  };
}

/** o and l of a case. */
export function attentionTrial(of: AttentionCase, seed: number, replicas: 1 | 3): Trial {
  const { matrices, places, width, causal, queries } = of;
  const words = `${causal ? 'causal, ' : ''}${queries ? 'large scores, ' : ''}`;
  return {
    kernel: 'attention/attention',
    name: `${words}${shapeName([matrices, places, width], replicas)}`,
    replicas,
    operands: operandsOf(of, seed),
    trace: ({ q, k, v }) => {
      return attend([q!, k!, v!], extents(of));
    },
    expect: (values) => {
      const { o, l } = reference(values.q!, values.k!, values.v!, extents(of));
      const allowed = tolerances(of, l);
      return [
        { values: o, tolerance: allowed.o },
        { values: l, tolerance: allowed.l },
      ];
    },
  };
}

/** The gradient in the queries of a case, or those in its keys and values. */
export function attentionGradientTrial(
  of: AttentionCase,
  by: 'queries' | 'keys',
  seed: number,
  replicas: 1 | 3,
): Trial {
  const { matrices, places, width } = of;
  const plain = attentionTrial(of, seed, replicas);
  return {
    ...plain,
    kernel: by === 'queries' ? 'attention/attentionQueries' : 'attention/attentionKeys',
    name: `gradient, ${plain.name}`,
    operands: { ...plain.operands, d: random([matrices, places, width], seed + 3) },
    trace: ({ q, k, v, d }) => {
      const operands = [q!, k!, v!];
      const attended = attend(operands, extents(of));
      const [dq, dk, dv] = attentionGradient(operands, d!, attended, extents(of));
      return by === 'queries' ? [dq!] : [dk!, dv!];
    },
    expect: (values) => {
      const [q, k, v] = [values.q!, values.k!, values.v!];
      const { dq, dk, dv } = referenceGradient(q, k, v, values.d!, extents(of));
      const ones = new Float32Array(q.length).fill(1);
      const columns = referenceGradient(q, k, v, ones, extents(of)).dv;
      const column = columns.reduce((largest, sum) => Math.max(largest, sum), 1);
      const allowed = tolerances(of, reference(q, k, v, extents(of)).l, column);
      if (by === 'queries') return [{ values: dq, tolerance: allowed.dq }];
      return [
        { values: dk, tolerance: allowed.dk },
        { values: dv, tolerance: allowed.dv },
      ];
    },
  };
}

/** Attention and its gradients, as a CPU and as a GPU computes them. */
export function attentionTrials(): Trial[] {
  return CASES.flatMap((of, i) => {
    const replicas = i % 2 ? 3 : 1;
    return [
      attentionTrial(of, i, replicas),
      attentionGradientTrial(of, 'queries', i, replicas),
      attentionGradientTrial(of, 'keys', i, replicas),
    ].flatMap((trial) => (of.queries === undefined ? [trial, { ...trial, asGpu: true }] : [trial]));
  });
}
