import type { Graph, Node, Tensor } from '../ops/graph.ts';
import { maxPool2dOp } from '../ops/maxPool2d.ts';
import { apply } from '../ops/op.ts';
import { poolGather, poolGatherOp, poolScatter, poolScatterOp } from '../ops/poolGather.ts';
import { areApart } from '../ops/window2d.ts';
import { consumersOf, rewrite } from './rewrite.ts';

const MASKS = new Set(['reluBackward', 'tanhBackward', 'sigmoidBackward']);

/**
 * An activation before a max pooling changes places with it on the way back, and in a tangent: act′ at an image's chosen
 * element is act′ at the pooled output. So it is taken of a quarter of the elements (windows 2 × 2), and the image is not read again.
 * Bit for bit the same where windows do not overlap, and done there alone.
 */
export function maskPooled(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const once = (tensor: Tensor): boolean => consumers.get(tensor)?.length === 1;
  /** What a max pooling of y makes, if the indices are of one. */
  const pooledOf = ({ node: { op, inputs, outputs, attributes } }: Tensor, y: Tensor): Tensor | null =>
    op === maxPool2dOp && inputs[0] === y && areApart(attributes.window) ? outputs[0]! : null;
  return rewrite(graph, (node, { get }) => {
    const [d, second] = node.inputs as [Tensor, Tensor];
    const [outer, inner] = [node, d?.node];
    if (!inner || !once(d)) return null;
    const masked = (mask: Node, of: Tensor, pooled: Tensor): Tensor =>
      apply(mask.op, [of, get(pooled)], mask.attributes, { shape: pooled.shape });
    const [first, other] = inner.inputs as [Tensor, Tensor];
    if (MASKS.has(outer.op.name) && inner.op === poolScatterOp) {
      const pooled = pooledOf(other, second);
      const [, , height, width] = second.shape as [number, number, number, number];
      const { window } = inner.attributes;
      return pooled && [poolScatter(masked(outer, get(first), pooled), get(other), window, [height, width])];
    }
    if (outer.op === poolGatherOp && MASKS.has(inner.op.name)) {
      const pooled = pooledOf(second, other);
      const { window } = outer.attributes;
      return pooled && [masked(inner, poolGather(get(first), get(second), window), pooled)];
    }
    return null;
  });
}
