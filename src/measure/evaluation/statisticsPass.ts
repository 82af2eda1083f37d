import { compile } from '../../autograd/compile.ts';
import type { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import type { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { Graph } from '../../ops/graph.ts';
import { advance } from '../../ops/state/advance.ts';

/** What a pass over a data set for running statistics takes. */
export interface StatisticsPass {
  /** Of the batches, in order. */
  readonly sizes: readonly number[];
  /** Examples of the data set. */
  readonly examples: number;
  readonly replicas: number;
  readonly arena: Arena;
  readonly label: string;
  /**
   * A forward pass over the next batch in train mode, by which the statistics become the mean over the batches so far (`cumulative`).
   * @param counters of which the cursor says where the batch begins
   */
  forward(graph: Graph, batch: number, counters: State): void;
}

/**
 * The programs of one pass over a data set that makes running statistics anew: each batch weighs the same, the last one too, as
 * `torch.optim.swa_utils.update_bn` has it.
 * @param scope gets what is made
 * @returns a program a batch, in order; run to their end they are at the beginning again
 */
export async function statisticsPass(
  gpu: Gpu,
  scope: Scope,
  { sizes, examples, replicas, arena, label, forward }: StatisticsPass,
): Promise<readonly Program[]> {
  const counters = scope.own(new State(gpu, { label: 'statistics counters', shape: [3], dtype: 'u32' }));
  const kinds = [...new Set(sizes)];
  const programs = await scope.all(
    kinds.map((size) => {
      const graph = new Graph();
      forward(graph, size, counters);
      advance(graph, counters, size, examples);
      return compile(gpu, graph, { label: `${label} B=${size}`, replicas, arena });
    }),
  );
  return sizes.map((size) => programs[kinds.indexOf(size)]!);
}
