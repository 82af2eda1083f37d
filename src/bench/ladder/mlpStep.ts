import matmulNN from '../../../shaders/matmul/matmulRegister.wgsl?NN';
import matmulNNVec4 from '../../../shaders/matmul/matmulRegisterVec4.wgsl?vec4&NN';
import matmulVec4Subgroup from '../../../shaders/matmul/matmulVec4Subgroup.wgsl?vec4';
import { grad } from '../../autograd/vjp.ts';
import { linear } from '../../ops/linear.ts';
import { relu } from '../../ops/relu.ts';
import { scale } from '../../ops/scale.ts';
import { softmaxCrossEntropy } from '../../ops/softmaxCrossEntropy.ts';
import { subtract } from '../../ops/subtract.ts';
import { mean } from '../../ops/sum.ts';
import { mlpMoments } from '../../reference/mlp.ts';
import { U } from '../../selftest/tolerance.ts';
import type { Expected, Trial, Values } from '../../selftest/trial.ts';
import { given, integers, random } from '../../selftest/values.ts';
import type { DescribedLadder } from './rung.ts';

/** A perceptron with one hidden layer of ReLU, and the examples of a step. */
export interface StepShape {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
}

type DescribedRung = DescribedLadder['rungs'][number];

/** One way to make a program of the step. */
interface StepRung extends DescribedRung {
  readonly plan: Pick<Trial, 'unfused' | 'prefers'>;
}

interface StepLadder extends DescribedLadder {
  readonly rungs: readonly StepRung[];
}

/** ε of the step. */
const RATE = 0.125;

/** The same step at every rung; what is known of it when its program is made is what differs. */
export const mlpStepLadder: StepLadder = {
  name: 'MLP step',
  about:
    'A whole step of gradient descent of a perceptron with a hidden layer of ReLU and softmax cross-entropy: forward, backward, ' +
    'update. One graph of ops at every rung, differentiated by the engine: the rungs are what its compiler is allowed to do with it. ' +
    'All of a step is one pass, and as many steps as fill a sample are one submit. Times are of 784-128-10 at B = 64: SwiftShader in ' +
    'Chromium 156 on two cores, the least of 15 rounds, and an H200 under Node; 2026-11-27.',
  rungs: [
    {
      number: 1,
      title: 'an op a dispatch, an output an invocation',
      kernel: matmulNN,
      plan: { unfused: true, prefers: 'tiles 1×1' },
      why:
        'Each op of the graph is a dispatch: product, bias, ReLU, its mask, column sums for the bias gradients, a scaling and a ' +
        'subtraction for each parameter. Every intermediate result goes to memory and comes back, and each dispatch waits for the ' +
        'one before it. A product forms each output by itself, two loads for every multiplication. This is what a framework does ' +
        'that executes op by op, but for its dispatches being recorded once. 54 ms on SwiftShader, 0.167 on an H200.',
    },
    {
      number: 2,
      title: 'epilogues fused',
      kernel: matmulNN,
      plan: { prefers: 'tiles 1×1' },
      why:
        'Bias and ReLU are added where a product is still in registers, the mask of ReLU is multiplied into the product that it ' +
        "follows, and the bias gradient is summed by workgroups behind the weight gradient's own: fewer dispatches, and the hidden " +
        'layer is written once in place of three times. That spares what a dispatch costs and the memory in between, not the ' +
        'arithmetic: SwiftShader, where the products take nearly all of the time, does not notice (55 ms); an H200, where a dispatch ' +
        'counts, takes 0.143 ms in place of 0.167.',
    },
    {
      number: 3,
      title: '4 × 4 outputs in registers',
      kernel: matmulNN,
      plan: { prefers: 'tiles 4×4' },
      why:
        'The products keep 4 × 4 outputs in registers, so that 8 loads serve 16 multiplications: the largest step on SwiftShader, as in ' +
        'the ladder of products, 55 to 11.5 ms. An H200 takes longer than before, 0.197 ms: the hidden layer of 64 examples is 512 such ' +
        'tiles, an invocation each, for its 17,000 cores. The second layer has ten outputs, which tiles of four cover badly; it is a hundredth ' +
        'of the arithmetic.',
    },
    {
      number: 4,
      title: '8 × 8 outputs in registers, read four at a time',
      kernel: matmulNNVec4,
      plan: { prefers: 'vec4 8×8' },
      why:
        'Where the extents come in fours, four neighbours come with one load and 64 outputs share what is loaded. Products that do ' +
        'not come in fours take what the planner has for them. 11.5 to 7.6 ms on SwiftShader. On a GPU the weight gradient of a small batch has now ' +
        'so few tiles that most of its cores stand idle: 0.182 ms on an H200. What is best for one product is not for the step.',
    },
    {
      number: 5,
      title: 'each product as the planner takes it',
      kernel: matmulVec4Subgroup,
      plan: {},
      why:
        'A kernel for each shape: on software adapters quads that pass rows from lane to lane and tiles without waste for the ' +
        'layer of ten outputs, on a GPU workgroup tiles for large products and a split k or lanes along k for small ones: 6.3 ms on ' +
        'SwiftShader, 0.054 on an H200. The choice depends on the shape of one replica alone, so that a step has the same bits in any sweep.',
    },
  ],
};

export function stepTitle({ batch, inputs, hidden, classes }: StepShape): string {
  return `${inputs}-${hidden}-${classes}, B = ${batch}`;
}

/** Multiplications and additions of the five products. */
export function stepFlops({ batch, inputs, hidden, classes }: StepShape): number {
  return 2 * batch * (2 * inputs * hidden + 3 * hidden * classes);
}

/** A rung at a shape as a trial: what the self-test checks and the bench times is one and the same. */
export function stepTrial(
  { number, title, plan }: StepRung,
  shape: StepShape,
  { replicas = 1 }: { readonly replicas?: 1 | 3 } = {},
): Trial {
  const { batch, inputs, hidden, classes } = shape;
  const weights = (outputs: number, fanIn: number, seed: number) => {
    const bound = fanIn ** -0.5;
    return random([outputs, fanIn], seed, { low: -bound, high: bound });
  };
  return {
    kernel: 'matmul',
    name: `MLP step rung ${number}, ${title}: ${stepTitle(shape)}, R = ${replicas}`,
    replicas,
    ...plan,
    operands: {
      x: random([batch, inputs], 1),
      labels: given([batch], (replica) => integers(batch, 2 + 1000 * replica, classes)),
      w1: weights(hidden, inputs, 3),
      b1: random([hidden], 4),
      w2: weights(classes, hidden, 5),
      b2: random([classes], 6),
    },
    trace: ({ x, labels, w1, b1, w2, b2 }) => {
      const parameters = [w1!, b1!, w2!, b2!];
      const hiddenLayer = relu(linear(x!, w1!, b1!));
      const losses = softmaxCrossEntropy(linear(hiddenLayer, w2!, b2!), labels!);
      const gradients = grad(mean(losses), parameters);
      return parameters.map((parameter, i) => subtract(parameter, scale(gradients[i]!, RATE)));
    },
    expect: (values) => expectStep(shape, values),
  };
}

/**
 * θ − ε∇. An entry of the gradient passes sums over inputs, hidden units, classes and examples, one after the other: it may err
 * by ten roundings of either sign of each, of the largest entry.
 */
function expectStep(
  { batch, inputs, hidden, classes }: StepShape,
  { x, labels, w1, b1, w2, b2 }: Readonly<Record<string, Values>>,
): Expected[] {
  const mlp = { batch, inputs, hidden, classes, rate: RATE, x: x!, labels: labels!, b1: b1!, b2: b2! };
  const transposed = (values: ArrayLike<number>, rows: number, columns: number): Float64Array =>
    Float64Array.from(
      { length: rows * columns },
      (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
    );
  const { mean: gradient } = mlpMoments({
    ...mlp,
    w1: transposed(w1!, hidden, inputs),
    w2: transposed(w2!, classes, hidden),
  });
  let offset = 0;
  const next = (length: number): Float64Array => {
    offset += length;
    return gradient.subarray(offset - length, offset);
  };
  const gradients = [
    transposed(next(inputs * hidden), inputs, hidden),
    next(hidden),
    transposed(next(hidden * classes), hidden, classes),
    next(classes),
  ];
  const roundings = [inputs, hidden, classes, batch].reduce((sum, terms) => sum + Math.sqrt(terms), 0);
  return [w1!, b1!, w2!, b2!].map((parameter, i) => {
    const largest = gradients[i]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const values = Float64Array.from(parameter, (value, at) => value - RATE * gradients[i]![at]!);
    const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return { values, tolerance: 10 * U * RATE * roundings * largest + 2 * U * size };
  });
}
