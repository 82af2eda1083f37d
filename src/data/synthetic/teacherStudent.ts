import { normal } from '../../random/normal.ts';
import type { Dataset } from '../dataset.ts';
import { integer, type SyntheticKind, scale, seed, withTest } from './syntheticKind.ts';

export type TeacherStudentOptions = Record<
  'examples' | 'test' | 'dims' | 'hidden' | 'outputs' | 'noise' | 'seed',
  number
>;

const STREAM = { first: 16, second: 17, x: 18, noise: 19 };
const NAME = 'teacher-student';

/**
 * Targets from a random network: x ~ N(0, I), y = V·tanh(U·x) + noise·N(0, I), U ~ N(0, 1/dims), V ~ N(0, 1/hidden),
 * no biases. A student Linear(dims, hidden), Tanh, Linear(hidden, outputs) with mse can be the teacher exactly; there
 * the expected loss is noise² and the true gradient 0.
 */
export const teacherStudent: SyntheticKind<keyof TeacherStudentOptions> = {
  options: {
    examples: integer(2000, 1),
    test: integer(1000, 0),
    dims: integer(16, 1, 65_536),
    hidden: integer(8, 1, 65_536),
    outputs: integer(1, 1, 4096),
    noise: scale(0.1, 0),
    seed,
  },
  generate: (options) => {
    const first = firstLayer(options);
    const second = secondLayer(options);
    return withTest(options, (begin, count) => draw(options, first, second, begin, count));
  },
};

function draw(
  options: TeacherStudentOptions,
  first: Float32Array,
  second: Float32Array,
  begin: number,
  count: number,
): Dataset {
  const { dims, hidden, outputs, noise } = options;
  const x = new Float32Array(count * dims);
  const y = new Float32Array(count * outputs);
  const activation = new Float64Array(hidden);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dims; d++) x[i * dims + d] = normal(options.seed, STREAM.x, begin + i, d);
    const example = x.subarray(i * dims, (i + 1) * dims);
    for (let h = 0; h < hidden; h++) activation[h] = Math.tanh(dot(first, h * dims, example));
    for (let k = 0; k < outputs; k++) {
      const z = normal(options.seed, STREAM.noise, begin + i, k);
      y[i * outputs + k] = dot(second, k * hidden, activation) + noise * z;
    }
  }
  return {
    name: NAME,
    x,
    exampleShape: [dims],
    targets: { kind: 'values', y, width: outputs },
    examples: count,
  };
}

/** Σ_k matrix[offset + k] · vector[k], in float64. */
function dot(matrix: Float32Array, offset: number, vector: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < vector.length; k++) sum += (matrix[offset + k] as number) * (vector[k] as number);
  return sum;
}

function firstLayer({ dims, hidden, seed }: TeacherStudentOptions): Float32Array {
  return Float32Array.from(
    { length: hidden * dims },
    (_, i) => normal(seed, STREAM.first, Math.floor(i / dims), i % dims) / Math.sqrt(dims),
  );
}

function secondLayer({ hidden, outputs, seed }: TeacherStudentOptions): Float32Array {
  return Float32Array.from(
    { length: outputs * hidden },
    (_, i) => normal(seed, STREAM.second, Math.floor(i / hidden), i % hidden) / Math.sqrt(hidden),
  );
}

/** The teacher as a state dict of Linear(dims, hidden), Tanh, Linear(hidden, outputs); its biases are 0. */
export function teacherWeights(options: TeacherStudentOptions): Map<string, Float32Array> {
  return new Map([
    ['0.weight', firstLayer(options)],
    ['0.bias', new Float32Array(options.hidden)],
    ['2.weight', secondLayer(options)],
    ['2.bias', new Float32Array(options.outputs)],
  ]);
}
