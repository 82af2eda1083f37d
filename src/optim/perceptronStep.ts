import kernel from '../../shaders/perceptron/stepSubgroup.wgsl?vec4';
import type { KernelCall } from '../gpu/kernelCall.ts';
import { type Candidate, choose, type KernelDemand, shapeKey } from '../gpu/kernelChoice.ts';
import type { Tensor } from '../ops/graph.ts';
import { applyAll, type KernelTarget, type Op } from '../ops/op.ts';
import { ACTIVATION_NUMBER, type Activation } from '../ops/plans/productShape.ts';
import type { SgdState } from './sgd.ts';

/** Layers that the kernel takes at most. */
const LAYERS = 4;
/**
 * Multiply-adds of four examples that the kernel is written out to at most. SwiftShader compiles some 200 of them a second (Chromium
 * 156, 2 busy cores, 2026-11-27).
 */
const WRITTEN_OUT = 1024;
/** Fours of numbers that an invocation keeps at most. */
const KEPT = 1024;

/** One replica's step of SGD on a perceptron. */
export interface PerceptronShape {
  readonly batch: number;
  /** Inputs, then each layer's outputs. */
  readonly widths: readonly number[];
  /** Behind each layer but the last; none where that is the only one. */
  readonly activation: Activation;
  readonly loss: 'crossEntropy' | 'squaredError';
}

/** Where in the parameters each layer's weight [outputs, inputs] and bias [outputs] begin, in elements. */
export interface PerceptronPlaces {
  readonly weights: readonly number[];
  readonly biases: readonly number[];
}

/** What else a step is given. */
export interface PerceptronStep {
  readonly shape: PerceptronShape;
  readonly places: PerceptronPlaces;
  readonly state: SgdState;
  /** Of the loss's gradient: 1/B of (softmax − onehot), or of (outputs − targets) whatever it comes to. */
  readonly scale: number;
  /** Of an example's Σ(outputs − targets)². */
  readonly lossScale: number;
  /** Whether a replica has momentum: without, the momentum buffer is not touched. Changes no bit of one that has none. */
  readonly momentum: boolean;
}

/**
 * The first step, counted from 0, that takes a step's kernel. It sums in another order than those of the ops, so which
 * step takes which must depend neither on how fast a compiler is nor on the number of replicas: it follows from the shape alone, two
 * steps for each multiply-add that is to be compiled, which about covers that. Beside a run of one replica it costs no time then, and
 * of a sweep it is a small part.
 */
export interface WholeStep {
  readonly from: number;
}

/** A variant of the step: whole, or null, by the kernels of its ops. */
interface StepCandidate extends Candidate {
  readonly whole: WholeStep | null;
}

/**
 * The kernel of a whole step, or null where the kernels of its ops are taken: where the adapter or the net is not fit for it (`callOf`), the
 * run too short, or that is the choice. On SwiftShader, whose subgroups are of four, the whole step is the default; elsewhere it is not,
 * for it was measured nowhere else.
 * @param run its steps, and the first one that is to take it, if the shape is not to say that
 */
export function wholeStepOf(
  step: PerceptronStep,
  target: KernelTarget,
  { steps, wholeFrom }: { readonly steps: number; readonly wholeFrom?: number | undefined },
): WholeStep | null {
  const call = callOf(step, target);
  const products = productsOf(step.shape, target.subgroupSize);
  const from = wholeFrom ?? Math.max(512, 256 * Math.ceil(products / 128));
  if (!call || steps <= from) return null;
  const { kind, subgroupSize: lanes, choices } = target;
  const name = `whole, ${lanes} lanes, from step ${from + 1}`;
  const whole: StepCandidate = { name, call, whole: { from } };
  const separate: StepCandidate = { name: 'op by op', call, whole: null };
  const isMeasured = kind === 'cpu' && lanes === 4;
  return choose(isMeasured ? [whole, separate] : [separate, whole], demandOf(step.shape), choices).whole;
}

/** Multiply-adds of four examples that the kernel is written out to. */
function productsOf({ batch, widths }: PerceptronShape, lanes: number): number {
  const chunks = widths.slice(0, -1).map((width) => Math.ceil(width / lanes));
  return Math.ceil(batch / 4) * chunks.reduce((sum, count, l) => sum + count * (l > 0 ? 3 : 2), 0);
}

/**
 * The kernel, or null where the adapter has no subgroups of one size, or the net is too large for an invocation's memory or for a
 * compiler's patience.
 */
function callOf(step: PerceptronStep, target: KernelTarget): KernelCall | null {
  const { subgroups, subgroupSize: lanes, largestSubgroup } = target;
  if (!subgroups || lanes < 4 || largestSubgroup !== lanes) return null;
  const { batch, widths, activation, loss } = step.shape;
  const layers = widths.length - 1;
  const chunks = widths.map((width) => Math.ceil(width / lanes));
  const fours = Math.ceil(batch / 4);
  const most = Math.max(1, ...chunks.slice(1, -1));
  const kept = fours * chunks.reduce((sum, count) => sum + count, most);
  if (layers > LAYERS || productsOf(step.shape, lanes) > WRITTEN_OUT || kept > KEPT) return null;
  const { weights, biases } = step.places;
  return {
    source: kernel,
    knobs: {
      LANES: lanes,
      BATCH: batch,
      FOURS: fours,
      LAYERS: layers,
      ...numbered('WIDTH_', LAYERS + 1, widths),
      ...numbered('CHUNKS_', LAYERS + 1, chunks),
      MOST: most,
      ACTIVATION: ACTIVATION_NUMBER[activation],
      RECTIFIED: activation === 'relu' ? 1 : 0,
      SMOOTH: activation === 'tanh' || activation === 'sigmoid' ? 1 : 0,
      LOSS: loss === 'crossEntropy' ? 0 : 1,
      MOMENTUM: step.momentum,
    },
    params: {
      ...numbered('weight', LAYERS, weights),
      ...numbered('bias', LAYERS, biases),
      scale: step.scale,
      lossScale: step.lossScale,
      steps: step.state.rates.elements,
    },
    grid: [1, 1],
  };
}

/** `WIDTH_0` and so on, zeros behind the values. */
function numbered(name: string, count: number, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, values[i] ?? 0]));
}

function demandOf(shape: PerceptronShape): KernelDemand {
  const { batch, widths, activation, loss } = shape;
  const key = [widths.join('-'), shapeKey({ activation, loss, batch })].join(' ');
  return { family: 'step', shape, key, bucket: key };
}

const perceptronStepOp: Op = {
  name: 'perceptronStep',
  takes: ['f32', 'any'],
  reads: ({ step }) => [step.state.rates, step.state.hyper, step.state.counters],
  writes: ({ step }) => [step.state.theta, step.state.velocity],
  lower: ({ inputs: [x, targets], outputs: [losses], attributes }, to) => {
    const step: PerceptronStep = attributes.step;
    const call = callOf(step, to.target);
    if (!call) throw new Error(`perceptronStep: this adapter has no kernel for ${demandOf(step.shape).key}`);
    const { theta, velocity, rates, hyper, counters } = step.state;
    const operands = { x: x!, targets: targets!, losses: losses! };
    to.dispatch(call, { ...operands, theta, velocity, rates, hyper, counters });
  },
};

/**
 * A step of SGD on a perceptron in one dispatch: the parameters and the momentum buffer, in place. Made by the compiler, where
 * `wholeStepOf` says so.
 * @param x [B, inputs]
 * @param targets classes [B], or values [B, outputs]
 * @returns each example's loss before the update, [B]
 */
export function perceptronStep(step: PerceptronStep, x: Tensor, targets: Tensor): Tensor {
  return applyAll(perceptronStepOp, [x, targets], { step }, [{ shape: [x.shape[0]!] }])[0]!;
}
