import { trace } from '../../autograd/trace.ts';
import { vjp } from '../../autograd/vjp.ts';
import type { Dataset } from '../../data/dataset.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { forward, parameterLayout } from '../../nn/forward.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { add } from '../../ops/add.ts';
import { axpy } from '../../ops/combine.ts';
import { dot } from '../../ops/dot.ts';
import { dimension, gapsOf, unpack } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { reshape } from '../../ops/reshape.ts';
import { scale } from '../../ops/scale.ts';
import { sqrt } from '../../ops/sqrt.ts';
import { advance } from '../../ops/state/advance.ts';
import { gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { take } from '../../ops/state/take.ts';
import { purpose } from '../../random/purpose.ts';

/** A run of descent along gradients that are weighed over all examples. */
export interface Descent {
  /** Of the gradient, of each step. */
  weights(step: number): Float32Array;
  /**
   * Of a noise whose length, at each step, another one of random direction has, all directions alike; where every run of a program has it.
   */
  isotropic?(step: number): Float32Array;
  /** ε. */
  readonly rate: number;
  /** Of the random directions. */
  readonly seed: number;
}

/** Steps whose weights are on the device at once. */
export const ROWS = 64;

/**
 * θ ← θ − ε·Σ wₙgₙ for any weights w of the examples at every step, runs side by side; with `isotropic` weights v the step has a second part,
 * −ε·z·|Σ vₙgₙ|/√P with random signs z, whose covariance is that of Σ vₙgₙ spread over all P directions alike. The weights of some steps are uploaded
 * at a time. Yields how many steps are done.
 * @param start θ₀, flat, of all
 * @param steps a multiple of `ROWS`
 * @returns θ of each run
 */
export async function* weighedDescent(
  gpu: Gpu,
  { model, dataset, start }: { model: ModelSpec; dataset: Dataset; start: Float32Array },
  runs: readonly Descent[],
  steps: number,
): AsyncGenerator<number, Float32Array[], void> {
  if (steps % ROWS !== 0) throw new RangeError(`${steps} steps, expected a multiple of ${ROWS}`);
  const scope = new Scope();
  try {
    const layout = parameterLayout(model);
    const replicas = runs.length;
    const N = dataset.examples;
    const state = (label: string, shape: number[], dtype: 'f32' | 'u32' = 'f32'): State =>
      scope.own(new State(gpu, { label, shape, dtype, replicas }));
    const examples = scope.own(uploadExamples(gpu, dataset));
    const theta = state('parameters', [layout.length]);
    const table = state('example weights', [ROWS, N]);
    const noise = runs[0]!.isotropic ? state('example weights of the noise', [ROWS, N]) : null;
    const rates = state('rates', []);
    const seeds = state('seeds', [1], 'u32');
    const rows = state('row', [3], 'u32');
    // Never advanced: each step sees all examples from the first one on.
    const first = scope.own(new State(gpu, { label: 'first example', shape: [3], dtype: 'u32' }));
    const mask = scope.own(new State(gpu, { label: 'parameters’ places', shape: [layout.length] }));
    const ones = new Float32Array(layout.length).fill(1);
    for (const { start: from, end } of gapsOf(layout)) ones.fill(0, from, end);
    mask.write(ones);
    runs.forEach(({ rate, seed }, replica) => {
      theta.write(start, { replica });
      rates.write(Float32Array.of(rate), { replica });
      seeds.write(Uint32Array.of(seed), { replica });
    });
    const program = scope.own(
      await trace(
        gpu,
        ({ read, store, graph }) => {
          const at = read(theta);
          const all = { mode: 'sequential' as const, examples: N, counters: first };
          const [x, targets] = gather(examples, sampleIndices(graph, all, N));
          const outputs = forward(model, unpack(at, layout), x, { mode: 'train' });
          const losses = exampleLosses(model.loss, outputs, targets);
          const weighed = (of: State): Tensor =>
            vjp([[losses, reshape(take(graph, of, 1, rows), [N])]], [at]).of[0]!;
          let step = weighed(table);
          if (noise) {
            const spread = weighed(noise);
            const length = sqrt(scale(dot(spread, spread), 1 / dimension(layout)));
            const stream = { purpose: purpose.parameterSigns, seeds, counters: rows, mask };
            step = add(step, scale(randomSigns(graph, stream, layout.length), length));
          }
          store(theta, axpy(read(rates), step, at, -1));
          advance(graph, rows, 1, ROWS);
        },
        { label: 'weighed descent', replicas },
      ),
    );
    for (let done = 0; done < steps; done += ROWS) {
      runs.forEach((run, replica) => {
        table.write(
          rowsOf(N, (row) => run.weights(done + row)),
          { replica },
        );
        noise?.write(
          rowsOf(N, (row) => run.isotropic!(done + row)),
          { replica },
        );
      });
      program.run(ROWS);
      await gpu.device.queue.onSubmittedWorkDone();
      yield done + ROWS;
    }
    return await Promise.all(runs.map((_, replica) => theta.read(replica)));
  } finally {
    scope.dispose();
  }
}

function rowsOf(N: number, weights: (row: number) => Float32Array): Float32Array {
  const all = new Float32Array(ROWS * N);
  for (let row = 0; row < ROWS; row++) all.set(weights(row), row * N);
  return all;
}
