import type { Graph, Tensor } from '../ops/graph.ts';
import { maxPool2dOp } from '../ops/maxPool2d.ts';
import { apply } from '../ops/op.ts';
import { poolScatter, poolScatterOp } from '../ops/poolGather.ts';
import { areApart } from '../ops/window2d.ts';
import { BACKWARD } from './fuse.ts';
import { consumersOf, rewrite } from './rewrite.ts';

/**
 * An activation before a max pooling changes places with it on the way back: act′ at an image's chosen element is act′ at the
 * pooled output. So it is taken of a quarter of the elements (windows 2 × 2), and the image is not read again. Bit for bit the
 * same where windows do not overlap, and done there alone.
 */
export function maskPooled(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  return rewrite(graph, ({ op, inputs: [d, y], attributes }, { get }) => {
    if (!(op.name in BACKWARD) || d!.node.op !== poolScatterOp || consumers.get(d!)!.length > 1) return null;
    const [dy, indices] = d!.node.inputs as [Tensor, Tensor];
    const { window } = d!.node.attributes;
    const pool = indices.node;
    if (
      pool.op !== maxPool2dOp ||
      pool.inputs[0] !== y ||
      pool.attributes.window !== window ||
      !areApart(window)
    )
      return null;
    const masked = apply(op, [get(dy), get(pool.outputs[0]!)], attributes, { shape: dy.shape });
    return [poolScatter(masked, get(indices), window, [y!.shape[2]!, y!.shape[3]!])];
  });
}
