import type { Graph, Node, Tensor } from '../ops/graph.ts';
import { maxPool2dOp } from '../ops/maxPool2d.ts';
import { apply } from '../ops/op.ts';
import { poolGather, poolGatherOp, poolScatter, poolScatterOp } from '../ops/poolGather.ts';
import { areApart } from '../ops/window2d.ts';
import { BACKWARD } from './fuse.ts';
import { consumersOf, rewrite } from './rewrite.ts';

/**
 * An activation before a max pooling changes places with it on the way back, and in a tangent: act′ at an image's chosen
 * element is act′ at the pooled output. So it is taken of a quarter of the elements (windows 2 × 2), and the image is not read again.
 * Bit for bit the same where windows do not overlap, and done there alone.
 */
export function maskPooled(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  return rewrite(graph, (node, { get }) => {
    const [d, second] = node.inputs as [Tensor, Tensor];
    if (!d || consumers.get(d)!.length > 1) return null;
    const [first, other] = d.node.inputs as [Tensor, Tensor];
    const isBack = d.node.op === poolScatterOp && node.op.name in BACKWARD;
    if (!isBack && !(node.op === poolGatherOp && d.node.op.name in BACKWARD)) return null;
    const [indices, y] = isBack ? [other, second] : [second, other];
    // Of a max pooling, whose other output is what it has chosen of y.
    const { op, inputs, outputs, attributes } = indices.node;
    const { window } = (isBack ? d.node : node).attributes;
    if (op !== maxPool2dOp || inputs[0] !== y || attributes.window !== window || !areApart(window))
      return null;
    const masked = (mask: Node, of: Tensor): Tensor =>
      apply(mask.op, [of, get(outputs[0]!)], mask.attributes, { shape: indices.shape });
    if (!isBack) return [masked(d.node, poolGather(get(first), get(indices), window))];
    return [poolScatter(masked(node, get(first)), get(indices), window, [y.shape[2]!, y.shape[3]!])];
  });
}
