import type { State } from '../gpu/state.ts';
import { type ConvFusion, conv2dFused, conv2dOp } from '../ops/conv2d.ts';
import { conv2dInputGradientFused, conv2dInputGradientOp } from '../ops/conv2dInputGradient.ts';
import { conv2dWeightGradientOp } from '../ops/conv2dWeightGradient.ts';
import { constantOf } from '../ops/fill.ts';
import { type Graph, type Node, rootOf, stateOf, type Tensor } from '../ops/graph.ts';
import { type Activation, matmulColumnSum, matmulFused, matmulOp } from '../ops/matmul.ts';
import { convGradientAndNorms } from '../ops/perExample/convGradientAndNorms.ts';
import { convWeightNormsOp } from '../ops/perExample/convNorms.ts';
import {
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
  softmaxCrossEntropyWithGradient,
} from '../ops/softmaxCrossEntropy.ts';
import { normalizationRules } from './fuseNormalization.ts';
import { isAlike } from './isAlike.ts';
import { consumersOf, type Renaming, type Rule, rewrite } from './rewrite.ts';

/** What multiplies by an activation's derivative at its output. */
export const BACKWARD: Record<string, Activation> = {
  reluBackward: 'relu',
  tanhBackward: 'tanh',
  sigmoidBackward: 'sigmoid',
};
const FORWARD = new Set<string>(['relu', 'tanh', 'sigmoid'] satisfies Activation[]);

/** What a chain of nodes computes of a product or of two, by the names of the trace it was found in. */
interface Found {
  readonly first: Node;
  readonly second?: Node;
  readonly bias?: Tensor;
  readonly addend?: Tensor;
  readonly activation: Activation;
  readonly mask: Activation;
  readonly y?: Tensor;
}

/** The vector that a tensor repeats in each of its rows. */
function biasOf({ node }: Tensor): Tensor | null {
  const [x] = node.inputs;
  return node.op.name === 'broadcast' && node.attributes.axes.from === 0 && x?.shape.length === 1 ? x : null;
}

/** Whether none of the tensors is a state that is written before the node, so that the node may take it as its own operand. */
function currentOf({ nodes }: Graph): (tensors: readonly (Tensor | undefined)[], node: Node) => boolean {
  const position = new Map(nodes.map((node, i) => [node, i]));
  const writes = new Map<State, number[]>();
  nodes.forEach(({ op, attributes }, i) => {
    for (const state of op.writes?.(attributes) ?? []) writes.set(state, [...(writes.get(state) ?? []), i]);
  });
  return (tensors, node) =>
    tensors.every((tensor) => {
      const state = tensor && stateOf(tensor);
      if (!state) return true;
      const [from, to] = [position.get(rootOf(tensor).node)!, position.get(node)!];
      return !writes.get(state)?.some((at) => at > from && at < to);
    });
}

/** What hand-written kernels offer beyond single ops; each rule looks at one node of the trace and its neighbours. */
export function fuse(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const current = currentOf(graph);
  const once = (tensor: Tensor): boolean => consumers.get(tensor)?.length === 1;
  const renamed = (node: Node, names: Renaming): Node => ({ ...node, inputs: node.inputs.map(names.get) });

  /**
   * Products and what is done with them → one op: act(A∘B + A2∘B2 + bias + addend), or that times an activation's derivative.
   * Each step on the way is used once.
   */
  const product: Rule = (node, names) => {
    /** A product that no other rule has taken. */
    const plain = (tensor: Tensor): Node | null =>
      tensor.node.op === matmulOp && once(tensor) && names.get(tensor).node.op === matmulOp
        ? tensor.node
        : null;
    const inner = (tensor: Tensor): Found | null => {
      const first = plain(tensor);
      if (first) return { first, activation: 'none', mask: 'none' };
      return once(tensor) ? found(tensor.node) : null;
    };
    const open = (tensor: Tensor): Found | null => {
      const made = inner(tensor);
      return made?.activation === 'none' && made.mask === 'none' ? made : null;
    };
    const sum = (node: Node): Found | null => {
      const [left, right] = node.inputs as [Tensor, Tensor];
      const ways = [
        { made: open(left), other: right },
        { made: open(right), other: left },
      ];
      for (const { made, other } of ways) {
        const bias = biasOf(other);
        if (made && bias && !made.bias) return { ...made, bias };
      }
      for (const { made, other } of ways) {
        const second = plain(other);
        if (!made || made.second || !second || second === made.first) continue;
        if (second.attributes.form === made.first.attributes.form) return { ...made, second };
      }
      for (const { made, other } of ways) {
        if (made && !made.addend && constantOf(other) === null) return { ...made, addend: other };
      }
      return null;
    };
    const found = (node: Node): Found | null => {
      const { name } = node.op;
      if (name === 'add') return sum(node);
      const made = FORWARD.has(name) || BACKWARD[name] ? open(node.inputs[0]!) : null;
      if (!made) return null;
      if (FORWARD.has(name)) return { ...made, activation: name as Activation };
      return { ...made, mask: BACKWARD[name]!, y: node.inputs[1]! };
    };
    const made = found(node);
    if (!made) return null;
    const named = (tensor: Tensor | undefined): Tensor | undefined => tensor && names.get(tensor);
    const { first, second, activation, mask } = made;
    const operands = [...first.inputs, ...(second?.inputs ?? []), made.bias, made.addend, made.y];
    if (!isAlike(node, first, second ?? first) || !current(operands, node)) return null;
    return [
      matmulFused({
        form: first.attributes.form,
        a: names.get(first.inputs[0]!),
        b: names.get(first.inputs[1]!),
        a2: named(second?.inputs[0]),
        b2: named(second?.inputs[1]),
        bias: named(made.bias),
        addend: named(made.addend),
        activation,
        mask,
        y: named(made.y),
      }),
    ];
  };

  /**
   * A convolution, which adds its bias itself, or an input gradient, and what is done with it → one kernel:
   * act(w ∗ x + b + addend), or that times an activation's derivative. Each step on the way is used once.
   */
  const convolution: Rule = (node, names) => {
    type Made = ConvFusion & { readonly conv: Node };
    const plain = (tensor: Tensor): Made | null => {
      const { op } = tensor.node;
      const isOne = op === conv2dOp || op === conv2dInputGradientOp;
      if (!isOne || !once(tensor) || names.get(tensor).node.op !== op) return null;
      return { conv: tensor.node, activation: 'none', mask: 'none' };
    };
    const sum = (added: Node): Made | null => {
      const [left, right] = added.inputs as [Tensor, Tensor];
      for (const [tensor, addend] of [
        [right, left],
        [left, right],
      ] as const) {
        const made = plain(tensor);
        if (made && tensor !== addend && constantOf(addend) === null) return { ...made, addend };
      }
      return null;
    };
    const open = (tensor: Tensor): Made | null =>
      plain(tensor) ?? (tensor.node.op.name === 'add' && once(tensor) ? sum(tensor.node) : null);
    const found = (): Made | null => {
      const { name } = node.op;
      if (name === 'add') return sum(node);
      const made = FORWARD.has(name) || BACKWARD[name] ? open(node.inputs[0]!) : null;
      if (!made) return null;
      if (BACKWARD[name]) return { ...made, mask: BACKWARD[name], y: node.inputs[1]! };
      // An input gradient's kernel has no activations: nothing asks for one.
      return made.conv.op === conv2dOp ? { ...made, activation: name as Activation } : null;
    };
    const made = found();
    if (!made) return null;
    const { conv, activation, mask } = made;
    if (!isAlike(node, conv) || !current([...conv.inputs, made.addend, made.y], node)) return null;
    const addend = made.addend && names.get(made.addend);
    const y = made.y && names.get(made.y);
    return conv.op === conv2dOp
      ? [conv2dFused(renamed(conv, names), { addend, activation, mask, y })]
      : [conv2dInputGradientFused(renamed(conv, names), { addend, mask, y })];
  };

  /** A node yet to come that takes the same operand, and all of whose operands are there, so that it may be done along with this one. */
  const partnerOf = (node: Node, names: Renaming, fits: (other: Node) => boolean): Node | undefined =>
    consumers
      .get(node.inputs[0]!)
      ?.find(
        (n) =>
          n.inputs[0] === node.inputs[0] &&
          fits(n) &&
          isAlike(n, node) &&
          n.inputs.every(names.has) &&
          !names.has(n.outputs[0]!),
      );

  /** A layer's weight gradient and bias gradient → one kernel. */
  const columnSum: Rule = (node, names) => {
    const isSum = (n: Node): boolean =>
      n.op.name === 'sum' && n.attributes.axes.from === 0 && n.attributes.axes.to === 1;
    const isProduct = (n: Node): boolean => n.op === matmulOp && n.attributes.form === 'TN';
    const [is, partnerIs] = isSum(node) ? [isSum, isProduct] : [isProduct, isSum];
    if (!is(node) || node.inputs[0]!.shape.length !== 2) return null;
    const partner = partnerOf(node, names, partnerIs);
    if (!partner) return null;
    const [product, sum] = is === isSum ? [partner, node] : [node, partner];
    const [c, sums] = matmulColumnSum(renamed(product, names));
    names.set(product.outputs[0]!, c);
    names.set(sum.outputs[0]!, sums);
    return [names.get(node.outputs[0]!)];
  };

  /** Softmax cross-entropy and its gradient → one kernel. */
  const lossAndGradient: Rule = (node, names) => {
    if (node.op !== softmaxCrossEntropyOp) return null;
    const [z, labels] = node.inputs as [Tensor, Tensor];
    const partner = partnerOf(
      node,
      names,
      (n) => n.op === softmaxCrossEntropyGradientOp && n.inputs[1] === labels,
    );
    if (!partner) return null;
    const made = softmaxCrossEntropyWithGradient(
      names.get(z),
      names.get(labels),
      names.get(partner.inputs[2]!),
    );
    names.set(partner.outputs[0]!, made[1]);
    return [made[0]];
  };

  /** A convolution's weight gradient and the norms of its examples' → one op, which forms their products once. */
  const gradientAndNorms: Rule = (node, names) => {
    const ops = [conv2dWeightGradientOp, convWeightNormsOp];
    if (!ops.includes(node.op)) return null;
    const partner = partnerOf(
      node,
      names,
      ({ op, inputs, attributes }) =>
        op !== node.op &&
        ops.includes(op) &&
        inputs[1] === node.inputs[1] &&
        attributes.window === node.attributes.window,
    );
    if (!partner) return null;
    const [gradient, norms] = node.op === conv2dWeightGradientOp ? [node, partner] : [partner, node];
    const made = convGradientAndNorms(renamed(gradient, names), norms);
    names.set(gradient.outputs[0]!, made[0]!);
    names.set(norms.outputs[0]!, made[1]!);
    return [names.get(node.outputs[0]!)];
  };

  const rules = [
    product,
    convolution,
    columnSum,
    lossAndGradient,
    gradientAndNorms,
    ...normalizationRules(consumers),
  ];
  return rewrite(graph, (node, names) => {
    for (const rule of rules) {
      const made = rule(node, names);
      if (made) return made;
    }
    return null;
  });
}
