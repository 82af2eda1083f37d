import type { MatmulForm } from '../ops/plans/matmulPlan.ts';
import type { MlpProblem } from '../reference/mlp.ts';
import { CNN_STEPS, type CnnTask, cnnTask, EVALUATED } from './cnn/cnnTask.ts';
import { uniform } from './uniform.ts';

/** What is timed, without its inputs. */
export interface BenchCase {
  /** `matmul NT 64×784×128`: what results are kept under. */
  readonly key: string;
  readonly kind: BenchTask['kind'] | 'sweep';
  /** Repetitions in a sample. */
  readonly times: number;
  /** Samples of each implementation, unless told otherwise. */
  readonly rounds: number;
  /** Of one repetition, where a rate says more than a time. */
  readonly flops?: number;
  readonly bytes?: number;
  /** Relative error (‖·‖∞ over ‖·‖∞) past which a result is wrong. */
  readonly tolerance: number;
}

export type BenchTask = MatmulTask | SumTask | MlpTask | CnnTask;

/** C [m, n] = A·B, A·Bᵀ or Aᵀ·B, operands as in planMatmul, uniform in [−1, 1). */
export interface MatmulTask {
  readonly kind: 'matmul';
  readonly form: MatmulForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** Σ x, uniform in [0, 1). */
export interface SumTask {
  readonly kind: 'sum';
  readonly x: Float32Array;
}

/** A 784-128-10 perceptron; the batch comes with one-hot labels too, weights as [in, out]. */
export interface MlpTask extends MlpProblem {
  /**
   * mlpStep: a step of plain gradient descent, the result is the loss of the last one. secondMoments: the mean over the
   * batch of each example's squared gradient. hvp: the Hessian of the mean loss times `v`. The last two are flat, in the
   * order w1, b1, w2, b2.
   */
  readonly kind: 'mlpStep' | 'secondMoments' | 'hvp';
  readonly x: Float32Array;
  /** The same values as bytes: x = bytes/255. */
  readonly bytes: Uint8Array;
  readonly labels: Uint32Array;
  /** One-hot, [batch, classes]. */
  readonly y: Float32Array;
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  readonly w2: Float32Array;
  readonly b2: Float32Array;
  /** A direction in the space of the parameters. */
  readonly v: {
    readonly w1: Float32Array;
    readonly b1: Float32Array;
    readonly w2: Float32Array;
    readonly b2: Float32Array;
  };
}

/** Steps between two readings of the loss. */
export const STEPS = 20;

interface Entry extends BenchCase {
  readonly make: () => BenchTask;
}

function matmulCase(form: MatmulForm, m: number, k: number, n: number, times: number): Entry {
  const make = (): MatmulTask => ({
    kind: 'matmul',
    form,
    m,
    n,
    k,
    a: uniform(m * k, 1, -1, 1),
    b: uniform(k * n, 2, -1, 1),
  });
  const flops = 2 * m * n * k;
  return {
    key: `matmul ${form} ${m}×${k}×${n}`,
    kind: 'matmul',
    times,
    rounds: 9,
    flops,
    tolerance: 1e-5,
    make,
  };
}

function sumCase(length: number): Entry {
  return {
    key: `sum of ${length}`,
    kind: 'sum',
    times: 8,
    rounds: 9,
    bytes: 4 * length,
    tolerance: 1e-5,
    make: () => ({ kind: 'sum', x: uniform(length, 1, 0, 1) }),
  };
}

function mlpCase(kind: MlpTask['kind'], batch: number): Entry {
  const named = { mlpStep: 'MLP step', secondMoments: 'second moments', hvp: 'Hessian product' }[kind];
  return {
    key: `${named} B=${batch}`,
    kind,
    times: kind === 'mlpStep' ? STEPS : 4,
    rounds: batch > 256 ? 5 : 7,
    tolerance: 1e-4,
    make: () => mlpTask(kind, batch),
  };
}

function cnnCase(kind: CnnTask['kind'], batchNorm = false): Entry {
  const named = {
    cnnStep: 'CNN step B=64',
    cnnSecondMoments: 'CNN second moments B=64',
    cnnHvp: 'CNN Hessian product B=64',
    cnnEvaluation: `CNN evaluation of ${EVALUATED} images`,
  }[kind];
  return {
    key: `${named}${batchNorm ? ', BatchNorm' : ''}`,
    kind,
    times: { cnnStep: CNN_STEPS, cnnSecondMoments: 4, cnnHvp: 4, cnnEvaluation: 1 }[kind],
    rounds: 7,
    tolerance: 1e-4,
    make: () => cnnTask(kind, 64, batchNorm),
  };
}

/** Matrix products are m × k × n. */
const ENTRIES: readonly Entry[] = [
  matmulCase('NN', 256, 256, 256, 12),
  matmulCase('NN', 512, 512, 512, 2),
  matmulCase('NN', 64, 784, 128, 24),
  matmulCase('NT', 64, 784, 128, 24),
  matmulCase('TN', 64, 784, 128, 24),
  matmulCase('NT', 512, 512, 512, 2),
  matmulCase('TN', 512, 512, 512, 2),
  sumCase(4_194_304),
  mlpCase('mlpStep', 64),
  mlpCase('mlpStep', 512),
  mlpCase('secondMoments', 64),
  mlpCase('hvp', 64),
  cnnCase('cnnStep'),
  cnnCase('cnnStep', true),
  cnnCase('cnnSecondMoments'),
  cnnCase('cnnHvp'),
  cnnCase('cnnEvaluation'),
];

/** All that can be timed, in the order of the tables. */
export const BENCH_CASES: readonly BenchCase[] = ENTRIES;

/**
 * A case with its inputs; the same bits on each call.
 * @throws if no case has that key.
 */
export function benchTask(key: string): BenchTask {
  const entry = ENTRIES.find((e) => e.key === key);
  if (!entry)
    throw new Error(`no benchmark is called ${key}; there are ${ENTRIES.map((e) => e.key).join(', ')}`);
  return entry.make();
}

/** A 784-128-10 perceptron at a point, its batch, and a direction; the same bits on each call. */
export function mlpTask(kind: MlpTask['kind'], batch: number): MlpTask {
  const [inputs, hidden, classes, rate] = [784, 128, 10, 0.1];
  const bytes = Uint8Array.from(uniform(batch * inputs, 1, 0, 256));
  const labels = Uint32Array.from(uniform(batch, 2, 0, classes));
  const y = new Float32Array(batch * classes);
  labels.forEach((label, n) => {
    y[n * classes + label] = 1;
  });
  const [s1, s2] = [Math.sqrt(6 / inputs), Math.sqrt(6 / hidden)];
  return {
    kind,
    batch,
    inputs,
    hidden,
    classes,
    rate,
    x: Float32Array.from(bytes, (value) => value / 255),
    bytes,
    labels,
    y,
    w1: uniform(inputs * hidden, 3, -s1, s1),
    b1: uniform(hidden, 4, -0.1, 0.1),
    w2: uniform(hidden * classes, 5, -s2, s2),
    b2: uniform(classes, 6, -0.1, 0.1),
    v: {
      w1: uniform(inputs * hidden, 7, -1, 1),
      b1: uniform(hidden, 8, -1, 1),
      w2: uniform(hidden * classes, 9, -1, 1),
      b2: uniform(classes, 10, -1, 1),
    },
  };
}
