import type { Graph, Node, Tensor } from '../ops/graph.ts';
import { type Activation, matmulBias, matmulColumnSum, matmulMask, matmulOp } from '../ops/matmul.ts';
import {
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
  softmaxCrossEntropyWithGradient,
} from '../ops/softmaxCrossEntropy.ts';
import { normalizationRules } from './fuseNormalization.ts';
import { consumersOf, type Renaming, type Rule, rewrite } from './rewrite.ts';

const BACKWARD: Record<string, Activation> = {
  reluBackward: 'relu',
  tanhBackward: 'tanh',
  sigmoidBackward: 'sigmoid',
};
const FORWARD = new Set<string>(['relu', 'tanh', 'sigmoid'] satisfies Activation[]);

/** What hand-written kernels offer beyond single ops; each rule looks at one node of the trace and its neighbours. */
export function fuse(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const once = (tensor: Tensor): boolean => consumers.get(tensor)?.length === 1;
  const renamed = (node: Node, names: Renaming): Node => ({ ...node, inputs: node.inputs.map(names.get) });

  /** matmul + bias [+ activation] → one kernel. */
  const biased = (node: Node): { product: Node; bias: Tensor } | null => {
    if (node.op.name !== 'add') return null;
    const [left, right] = node.inputs as [Tensor, Tensor];
    const isBias = right.node.op.name === 'broadcast' && right.node.attributes.axes.from === 0;
    if (left.node.op !== matmulOp || !once(left) || !isBias || right.node.inputs[0]!.shape.length !== 1)
      return null;
    return { product: left.node, bias: right.node.inputs[0]! };
  };
  const epilogue: Rule = (node, names) => {
    const activation = FORWARD.has(node.op.name) ? (node.op.name as Activation) : 'none';
    const inner = activation === 'none' ? node.outputs[0] : node.inputs[0];
    if (!inner || (activation !== 'none' && !once(inner))) return null;
    const found = biased(inner.node);
    if (found) return [matmulBias(renamed(found.product, names), names.get(found.bias), activation)];
    if (activation !== 'none' && inner.node.op === matmulOp) {
      return [matmulBias(renamed(inner.node, names), null, activation)];
    }
    return null;
  };

  /** An activation's backward on a product → the product's kernel masks it. */
  const mask: Rule = (node, names) => {
    const activation = BACKWARD[node.op.name];
    const [d, y] = node.inputs;
    if (!activation || d?.node.op !== matmulOp || !once(d)) return null;
    return [matmulMask(renamed(d.node, names), names.get(y!), activation)];
  };

  /** A layer's weight gradient and bias gradient → one kernel. */
  const columnSum: Rule = (node, names) => {
    const isSum = (n: Node): boolean =>
      n.op.name === 'sum' && n.attributes.axes.from === 0 && n.attributes.axes.to === 1;
    const isProduct = (n: Node): boolean => n.op === matmulOp && n.attributes.form === 'TN';
    const [is, partnerIs] = isSum(node) ? [isSum, isProduct] : [isProduct, isSum];
    const shared = node.inputs[0];
    if (!shared || !is(node) || shared.shape.length !== 2) return null;
    const partner = consumers
      .get(shared)
      ?.find(
        (n) =>
          partnerIs(n) && n.inputs[0] === shared && n.inputs.every(names.has) && !names.has(n.outputs[0]!),
      );
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
    const partner = consumers
      .get(z)
      ?.find(
        (n) => n.op === softmaxCrossEntropyGradientOp && n.inputs[1] === labels && n.inputs.every(names.has),
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

  const rules = [epilogue, mask, columnSum, lossAndGradient, ...normalizationRules(consumers)];
  return rewrite(graph, (node, names) => {
    for (const rule of rules) {
      const made = rule(node, names);
      if (made) return made;
    }
    return null;
  });
}
