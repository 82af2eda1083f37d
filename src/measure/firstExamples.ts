import type { Graph, Tensor } from '../ops/graph.ts';
import { type Examples, gather } from '../ops/state/gather.ts';
import { sampleIndices } from '../ops/state/sampling.ts';
import type { Memory } from './memory.ts';

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
