import { compile } from '../autograd/compile.ts';
import { vjp } from '../autograd/vjp.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { orLost } from '../gpu/orLost.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { exampleLosses } from '../nn/exampleLosses.ts';
import { forward } from '../nn/forward.ts';
import { add } from '../ops/add.ts';
import { advance } from '../ops/advance.ts';
import { append } from '../ops/append.ts';
import { normSq } from '../ops/dot.ts';
import { fill } from '../ops/fill.ts';
import { pack, unpack } from '../ops/flat.ts';
import { gather } from '../ops/gather.ts';
import { Graph, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { reshape } from '../ops/reshape.ts';
import { sampleIndices } from '../ops/sampling.ts';
import { store } from '../ops/store.ts';
import { subtract } from '../ops/subtract.ts';
import { sum } from '../ops/sum.ts';
import { dot64 } from './estimate.ts';
import { type GradientNoise, gradientNoise } from './noiseScale.ts';
import type { Point } from './pass.ts';

/** Gradient noise from micro-batches, in units of examples. */
export interface MicroBatchNoise extends GradientNoise {
  /** Of tr Σ, from the spread over the micro-batches; null for two of them. */
  readonly traceCovarianceStderr: number | null;
  /** Mean of the micro-batches' losses. */
  readonly loss: number;
  readonly microBatches: number;
}

/**
 * |ḡ|², tr Σ and B_simple from the gradients of micro-batches of b consecutive examples, each a batch of its own: where
 * examples have no gradients of their own, since BatchNorm in train mode normalises by the batch, one such ghost batch
 * stands for one example (McCandlish et al. 2018, appendix A.1, with b for the small batch). ḡ is the mean over them; tr Σ = b·Σ|g_u − ḡ|²/(U − 1), centred, in a second
 * pass. Elsewhere it estimates, with more variance, what per-example gradients give.
 *
 * The order of the examples must be as good as random: where classes take turns in it, every micro-batch has them all, and
 * tr Σ lacks what lies between classes. Examples past the last whole micro-batch are left out.
 * @throws RangeError for fewer than two micro-batches
 */
export async function microBatchNoise(gpu: Gpu, point: Point, microBatch: number): Promise<MicroBatchNoise> {
  const { model, layout, examples, context } = point;
  const units = Math.floor(examples.examples / microBatch);
  if (units < 2) {
    throw new RangeError(
      `${examples.examples} examples make ${units} micro-batches of ${microBatch}, expected two or more`,
    );
  }
  const counters = new State(gpu, { label: 'example counters', shape: [3], dtype: 'u32' });
  const unitCounters = new State(gpu, { label: 'micro-batch counters', shape: [3], dtype: 'u32' });
  const mean = new State(gpu, { label: 'mean gradient', shape: [layout.length] });
  const deviations = new State(gpu, { label: 'squared deviations', shape: [units] });
  const losses = new State(gpu, { label: 'micro-batch losses', shape: [units] });
  const states = [counters, unitCounters, mean, deviations, losses];
  const arena = new Arena(gpu);
  const programs: Program[] = [];
  const trace = async (
    label: string,
    use: (gradient: Tensor, loss: Tensor, graph: Graph) => void,
  ): Promise<Program> => {
    const graph = new Graph();
    const sampler = { mode: 'sequential' as const, examples: examples.examples, counters };
    const [x, targets] = gather(examples, sampleIndices(graph, sampler, microBatch));
    const parameters = unpack(read(graph, point.theta), layout);
    const each = exampleLosses(model.loss, forward(model, parameters, x, context), targets);
    const { of } = vjp([[each, fill(graph, 1 / microBatch, [microBatch])]], parameters);
    const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
    use(pack(layout, gradients), sum(each), graph);
    advance(graph, counters, microBatch, examples.examples);
    advance(graph, unitCounters, 1, units);
    programs.push(await compile(gpu, graph, { label, replicas: 1, arena }));
    return programs.at(-1)!;
  };
  const runAll = async (program: Program): Promise<void> => {
    for (const state of [counters, unitCounters]) state.write(Uint32Array.of(0, 0, 0));
    for (let u = 0; u < units; u++) program.run();
    await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
  };
  try {
    const total = await trace('micro-batch gradients', (gradient, loss, graph) => {
      store(mean, add(read(graph, mean), gradient));
      append(losses, reshape(loss, [1]), unitCounters);
    });
    const away = await trace('micro-batch deviations', (gradient, _, graph) => {
      append(deviations, reshape(normSq(subtract(gradient, read(graph, mean))), [1]), unitCounters);
    });
    await runAll(total);
    const average = (await mean.read()).map((value) => value / units);
    mean.write(average);
    await runAll(away);
    const squares = [...(await deviations.read())].map((square) => microBatch * square);
    const traceCovariance = squares.reduce((all, square) => all + square, 0) / (units - 1);
    const centre = squares.reduce((all, square) => all + square, 0) / units;
    const variance = squares.reduce((all, square) => all + (square - centre) ** 2, 0) / (units - 1);
    const loss = (await losses.read()).reduce((all, value) => all + value, 0) / (units * microBatch);
    return {
      ...gradientNoise(dot64(average, average), traceCovariance, units * microBatch),
      traceCovarianceStderr: units > 2 ? Math.sqrt(variance / units) : null,
      loss,
      microBatches: units,
    };
  } finally {
    for (const program of programs) program.dispose();
    arena.dispose();
    for (const state of states) state.dispose();
  }
}
