import { type Graph, size, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { gather } from '../ops/state/gather.ts';
import { oneBatch } from './oneBatch.ts';
import type { Point } from './pass.ts';
import { TracedBatch } from './tracedBatch.ts';

/**
 * A batch of some of a point's examples, by itself: for what draws its batches in its own way. It keeps nothing between runs.
 * @param indices [B], as `sampleIndices` gives them
 */
export function pointBatch(
  graph: Graph,
  { model, layout, theta, examples, context }: Point,
  indices: Tensor,
): TracedBatch {
  const [x, targets] = gather(examples, indices);
  const refuse = (): never => {
    throw new Error('a batch that is drawn by itself keeps nothing');
  };
  const of = { model, layout, theta: read(graph, theta), x, targets, context };
  const gathering = oneBatch(graph, size(indices.shape), refuse);
  return new TracedBatch(of, { unitSize: 1, gathering, first: refuse });
}
