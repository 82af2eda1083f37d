import { consumersOf, rewrite } from '../autograd/rewrite.ts';
import { removeDead } from '../autograd/simplify.ts';
import { constantOf } from '../ops/fill.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { type Graph, type Node, sameShape, stateOf, type Tensor } from '../ops/graph.ts';
import type { KernelTarget } from '../ops/op.ts';
import type { Activation } from '../ops/plans/productShape.ts';
import { type PerceptronShape, type PerceptronStep, perceptronStep, wholeStepOf } from './perceptronStep.ts';

/** A step of SGD on a perceptron, and the tensors of the trace that it is of. */
interface Found extends PerceptronStep {
  readonly x: Tensor;
  readonly targets: Tensor;
  readonly losses: Tensor;
}

/** A trace whose step is one kernel, and the first step, counted from 0, that is to take it. */
export interface FusedStep {
  readonly graph: Graph;
  readonly from: number;
}

/**
 * Forward pass, loss, backward pass and update of a perceptron → one kernel, where a trace has them and the adapter takes it: up to four
 * linear layers with biases, ReLU, tanh or sigmoid between all of them, softmax cross-entropy or a squared error, and SGD. All else stays:
 * sampling, gathering, augmentation before it, recording behind it. Sums have another order than in the kernels of the ops.
 * @param graph optimised
 * @param run its steps, whether a replica has momentum, and the first step that is to be one kernel, if the shape is not to say that
 * @returns null where that is not in it, or is not taken
 */
export function fuseStep(
  graph: Graph,
  target: KernelTarget,
  run: { readonly momentum: boolean; readonly steps: number; readonly wholeFrom?: number | undefined },
): FusedStep | null {
  const updates = graph.nodes.filter(({ op }) => op.name === 'sgd');
  const found = updates.length === 1 ? findStep(graph, updates[0]!, run.momentum) : null;
  const whole = found && wholeStepOf(found, target, run);
  if (!whole) return null;
  const fused = rewrite(graph, (node, names) => {
    if (node !== updates[0]) return null;
    const losses = perceptronStep(found, names.get(found.x), names.get(found.targets));
    names.set(found.losses, losses);
    return [];
  });
  return { graph: removeDead(fused), from: whole.from };
}

/** The operands of a fused product, by their names. */
function fusedOperands({ inputs, attributes }: Node): Readonly<Record<string, Tensor | undefined>> {
  const names: readonly string[] = attributes.names;
  return Object.fromEntries(names.map((name, i) => [name, inputs[i]]));
}

/** Whether an op is a fused product of that form, of these operands and no others. */
function isProduct({ op, attributes }: Node, form: string, names: readonly string[]): boolean {
  return op.name === 'matmulFused' && attributes.form === form && `${attributes.names}` === `${names}`;
}

/** From the update upwards: gradients by layer, then the loss, then what the layers were given. */
function findStep(graph: Graph, update: Node, momentum: boolean): Found | null {
  const { state } = update.attributes;
  const pack = update.inputs[0]!.node;
  if (pack.op.name !== 'pack') return null;
  const layout: FlatLayout = pack.attributes.layout;
  const layers = layout.entries.length / 2;
  const isEntry = (tensor: Tensor | undefined, entry: number): boolean =>
    tensor?.node.op.name === 'part' &&
    stateOf(tensor) === state.theta &&
    tensor.node.attributes.entry === entry &&
    layout.entries[entry]!.offset === tensor.node.attributes.layout.entries[entry].offset;

  // Each layer's gradients are of its output's gradient δ and of what it was given.
  const gradients: Node[] = [];
  for (let l = 0; l < layers; l++) {
    const [weight, bias] = pack.inputs.slice(2 * l) as [Tensor, Tensor];
    const { node } = weight;
    if (node.op.name !== 'matmulColumnSum' || node.outputs[0] !== weight || node.outputs[1] !== bias)
      return null;
    gradients.push(node);
  }
  if (gradients.length === 0) return null;
  let activation: Activation = 'none';
  for (let l = 0; l + 1 < layers; l++) {
    const given = gradients[l + 1]!.inputs[1]!;
    const delta = gradients[l]!.inputs[0]!.node;
    const forward = given.node;
    const behind: Activation = forward.attributes.activation;
    if (behind === 'none' || (l > 0 && behind !== activation)) return null;
    activation = behind;
    if (!isProduct(forward, 'NT', ['a', 'b', 'bias']) || forward.attributes.mask !== 'none') return null;
    if (!isProduct(delta, 'NN', ['a', 'b', 'y']) || delta.attributes.mask !== activation) return null;
    const { a, b, bias } = fusedOperands(forward);
    if (a !== gradients[l]!.inputs[1] || !isEntry(b, 2 * l) || !isEntry(bias, 2 * l + 1)) return null;
    const back = fusedOperands(delta);
    if (back.a !== gradients[l + 1]!.inputs[0] || !isEntry(back.b, 2 * l + 2) || back.y !== given)
      return null;
    if (delta.attributes.activation !== 'none') return null;
  }
  const [delta, given] = gradients.at(-1)!.inputs as [Tensor, Tensor];
  const loss = findLoss(graph, delta);
  const last = loss?.outputs.node;
  if (!last || !isProduct(last, 'NT', ['a', 'b', 'bias'])) return null;
  if (last.attributes.activation !== 'none' || last.attributes.mask !== 'none') return null;
  const { a, b, bias } = fusedOperands(last);
  if (a !== given || !isEntry(b, 2 * layers - 2) || !isEntry(bias, 2 * layers - 1)) return null;

  const x = gradients[0]!.inputs[1]!;
  const weights = layout.entries.filter((_, i) => i % 2 === 0);
  const biases = layout.entries.filter((_, i) => i % 2 === 1);
  if (x.dtype !== 'f32' || x.shape.length !== 2 || stateOf(x) === state.theta) return null;
  const [batch, inputs] = x.shape as [number, number];
  const widths = [inputs, ...weights.map(({ shape }) => shape[0]!)];
  const shape: PerceptronShape = { batch, widths, activation, loss: loss.name };
  const places = { weights: weights.map(({ offset }) => offset), biases: biases.map(({ offset }) => offset) };
  const { targets, losses, scale, lossScale } = loss;
  return { x, targets, losses, shape, places, state, scale, lossScale, momentum };
}

/** A loss by its gradient. */
interface FoundLoss {
  readonly name: PerceptronShape['loss'];
  readonly outputs: Tensor;
  readonly targets: Tensor;
  readonly losses: Tensor;
  readonly scale: number;
  readonly lossScale: number;
}

function findLoss(graph: Graph, delta: Tensor): FoundLoss | null {
  const { node } = delta;
  if (node.op.name === 'softmaxCrossEntropyWithGradient' && node.outputs[1] === delta) {
    const [outputs, targets, weights] = node.inputs as [Tensor, Tensor, Tensor];
    const scale = constantOf(weights);
    if (scale === null) return null;
    return { name: 'crossEntropy', outputs, targets, losses: node.outputs[0]!, scale, lossScale: 1 };
  }
  // s·(outputs − targets), whose square is summed by row.
  const gradient = unscaled(delta);
  const error = gradient.of;
  const [outputs, targets] = error.node.inputs as [Tensor, Tensor];
  if (error.node.op.name !== 'subtract' || !sameShape(outputs.shape, targets.shape)) return null;
  const consumers = consumersOf(graph);
  const next = (tensor: Tensor, name: string): Tensor | undefined =>
    consumers.get(tensor)?.find(({ op }) => op.name === name)?.outputs[0];
  const square = next(error, 'square');
  let losses = square && next(square, 'sum');
  if (!losses || !sameShape(losses.shape, [outputs.shape[0]!])) return null;
  losses = next(losses, 'scale') ?? losses;
  const lossScale = unscaled(losses).factor;
  return { name: 'squaredError', outputs, targets, losses, scale: gradient.factor, lossScale };
}

/** A tensor as a multiple of another, which is no multiple itself. */
function unscaled(tensor: Tensor): { readonly of: Tensor; readonly factor: number } {
  const { op, inputs, attributes } = tensor.node;
  if (op.name !== 'scale') return { of: tensor, factor: 1 };
  const { of, factor } = unscaled(inputs[0]!);
  return { of, factor: factor * attributes.factor };
}
