import { divide } from '../../ops/divide.ts';
import { BINARY, UNARY } from '../../ops/elementwise.ts';
import { apply, type Op, opTable } from '../../ops/op.ts';
import { binary } from '../../reference/binary.ts';
import { unary } from '../../reference/unary.ts';
import { expError, U } from '../tolerance.ts';
import { EDGES, type Trial } from '../trial.ts';
import { given, random } from '../values.ts';

const FACTOR = 0.375;

/** Operands of most functions are in [−LARGEST, LARGEST]. */
const LARGEST = 5;

/**
 * Error allowed at x where the result is y. Sums, products and copies round once; WGSL allows a quotient 2.5 units in
 * the last place, an inverse root 2, an exponential 3 + 2|x|. The others are built from these: tanh and sigmoid from
 * one exponential of a negative number, its error multiplied by itself, and one quotient; GELU's erf from a polynomial
 * of error 1.5e-7 (Abramowitz & Stegun 7.1.26) times x/2. A root is the reciprocal of an inverse one. Of a logarithm one quotient is
 * rounded, times at most half of the result, and sums of terms no larger than twice it.
 */
const UNARY_TOLERANCE: Record<keyof typeof UNARY, (x: number, y: number) => number> = {
  scale: (_, y) => U * Math.abs(y),
  relu: () => 0,
  tanh: () => 16 * U,
  sigmoid: () => 16 * U,
  gelu: (x) => 1.5e-7 * Math.abs(x) + 16 * U * (1 + Math.abs(x)),
  geluDerivative: (x) => 1.5e-7 + 16 * U * (1 + Math.abs(x)),
  geluTanh: (x) => 24 * U * (1 + Math.abs(x)),
  geluTanhDerivative: (x) => 24 * U * (1 + x * x),
  normalDensity: (x, y) => (expError(0.5 * x * x) + (2 + x * x) * U) * y,
  square: (_, y) => U * y,
  exp: (x, y) => (expError(Math.abs(x)) + U) * y,
  reciprocal: (_, y) => 6 * U * Math.abs(y),
  inverseSqrt: (_, y) => 5 * U * y,
  offset: (_, y) => U * Math.abs(y),
  log: (_, y) => 8 * U * Math.abs(y),
  sqrt: (_, y) => 11 * U * y,
  abs: () => 0,
  sign: () => 0,
  softplus: (x, y) => (expError(Math.abs(x)) + 16 * U) * y,
};

/** Roundings of each function, of terms no larger than x, y or 1. */
const BINARY_ROUNDINGS: Record<keyof typeof BINARY, number> = {
  add: 2,
  subtract: 2,
  multiply: 1,
  reluBackward: 0,
  tanhBackward: 4,
  sigmoidBackward: 4,
  // A quotient of at most 2, 2.5 units in its last place.
  divide: 10,
  // An exponential, a quotient and a series beside a product.
  binaryCrossEntropy: 26,
};

const positive = (name: string): boolean => ['reciprocal', 'inverseSqrt', 'log', 'sqrt'].includes(name);

function opCalled(name: string): Op {
  const op = opTable().get(name);
  if (!op) throw new Error(`there is no op ${name}`);
  return op;
}

type UnaryName = keyof typeof UNARY;
type BinaryName = keyof typeof BINARY;

/** A function of one operand, by its op's name. */
export function unaryTrial(name: UnaryName, elements: number, replicas: 1 | 3, seed: number): Trial {
  const bounds = positive(name) ? { low: 0.05, high: LARGEST } : { low: -LARGEST, high: LARGEST };
  return {
    kernel: 'elementwise/unary',
    name: `${name} ${elements}, R = ${replicas}`,
    replicas,
    operands: { x: random([elements], seed, bounds) },
    trace: ({ x }) => [apply(opCalled(name), [x!], { factor: FACTOR }, { shape: x!.shape })],
    expect: ({ x }) => {
      const values = Float64Array.from(x!, (v) => unary[name]!(v, FACTOR));
      return [{ values, tolerance: values.map((y, at) => UNARY_TOLERANCE[name](x![at]!, y)) }];
    },
  };
}

/** A function of two operands, by its op's name. */
export function binaryTrial(name: BinaryName, elements: number, replicas: 1 | 3, seed: number): Trial {
  return {
    kernel: 'elementwise/binary',
    name: `${name} ${elements}, R = ${replicas}`,
    replicas,
    operands: {
      x: random([elements], 50 + seed),
      y: random([elements], 70 + seed, name === 'divide' ? { low: 0.5 } : {}),
    },
    trace: ({ x, y }) => [apply(opCalled(name), [x!, y!], {}, { shape: x!.shape })],
    expect: ({ x, y }) => [
      {
        values: Float64Array.from(x!, (v, at) => binary[name]!(v, y![at]!)),
        tolerance: U * BINARY_ROUNDINGS[name],
      },
    ],
  };
}

const [INF, LEAST, MOST] = [Number.POSITIVE_INFINITY, 2 ** -126, 2 ** 127];
/** Ends of the range, and near 1, where a logarithm is small. */
const ENDS = [
  Number.NaN,
  INF,
  -INF,
  0,
  -0,
  -1,
  1,
  1 + 2 ** -23,
  1 - 2 ** -24,
  1.001,
  LEAST,
  MOST,
  1e-30,
  -30,
  30,
  1e4,
];

/** The functions that promise something at the ends. */
export function endsTrials(): Trial[] {
  const x = Float32Array.from(ENDS);
  const names = ['log', 'sqrt', 'abs', 'sign', 'softplus'] as const;
  const ofOne = names.map(
    (name): Trial => ({
      kernel: 'elementwise/unary',
      name: `${name} of 0, NaN, infinite and near 1`,
      replicas: 1,
      operands: { x: given([x.length], x) },
      trace: ({ x }) => [apply(opCalled(name), [x!], { factor: 0 }, { shape: x!.shape })],
      expect: ({ x }) => {
        const values = Float64Array.from(x!, (v) => unary[name]!(v, 0));
        const tolerance = values.map((y, at) =>
          Number.isFinite(y)
            ? LEAST + UNARY_TOLERANCE[name](Math.min(Math.abs(x![at]!), 104), Math.abs(y))
            : 0,
        );
        return [{ values, tolerance }];
      },
    }),
  );
  const pairs = ENDS.flatMap((a) => ENDS.map((b) => [a, b] as const));
  const [first, second] = [0, 1].map((k) => Float32Array.from(pairs, (pair) => pair[k]!));
  const quotient: Trial = {
    kernel: 'elementwise/binary',
    name: 'divide 0, NaN, infinite, tiny and huge',
    replicas: 1,
    operands: { x: given([pairs.length], first!), y: given([pairs.length], second!) },
    trace: ({ x, y }) => [divide(x!, y!)],
    expect: ({ x, y }) => {
      const values = Float64Array.from(x!, (v, at) => Math.fround(v / y![at]!));
      return [
        { values, tolerance: values.map((q) => (Number.isFinite(q) ? LEAST + 5 * U * Math.abs(q) : 0)) },
      ];
    },
  };
  return [...ofOne, quotient];
}

/** Every function once for each ragged end; the first also with replicas and past one workgroup. */
export function elementwiseTrials(): Trial[] {
  const sizes = (i: number): [number, 1 | 3][] =>
    i === 0
      ? [...EDGES, 64, 4097].flatMap((elements): [number, 1 | 3][] => [
          [elements, 1],
          [elements, 3],
        ])
      : [
          [127, 1],
          [65, 3],
        ];
  return [
    ...(Object.keys(UNARY) as UnaryName[]).flatMap((name, i) =>
      sizes(i).map(([elements, replicas]) => unaryTrial(name, elements, replicas, i)),
    ),
    ...(Object.keys(BINARY) as BinaryName[]).flatMap((name, i) =>
      sizes(i).map(([elements, replicas]) => binaryTrial(name, elements, replicas, i)),
    ),
    ...endsTrials(),
  ];
}
