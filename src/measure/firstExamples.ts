import type { Graph, Tensor } from '../ops/graph.ts';
import { type Examples, gather } from '../ops/state/gather.ts';
import { sampleIndices } from '../ops/state/sampling.ts';
import type { Memory } from './memory.ts';

/**
 * Examples that an instrument of a fixed subset looks at unless it is told otherwise: of one number, so that all share a forward pass and
 * a gradient, and so few that every 16 steps they take little more than half the time of the steps, of 512 each. A number to be quoted wants more.
 */
export const FIRST_BY_DEFAULT = 64;

/** The first so many examples of the data, or all where they are fewer: the same whatever else is traced: inputs and targets. */
export function firstExamples(
  graph: Graph,
  examples: Examples,
  count: number,
  memory: Memory,
): { readonly x: Tensor; readonly targets: Tensor } {
  const spec = { shape: [3], dtype: 'u32', shared: true, constant: true } as const;
  const counters = memory.state('first examples', spec);
  const sampling = { mode: 'sequential' as const, examples: examples.examples, counters };
  const [x, targets] = gather(examples, sampleIndices(graph, sampling, Math.min(count, examples.examples)));
  return { x, targets };
}
