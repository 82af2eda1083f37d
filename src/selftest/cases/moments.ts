import { denseMoments, mergeMoments } from '../../ops/index.ts';
import { denseMomentsCandidates } from '../../ops/plans/momentsPlan.ts';
import { denseNorms } from '../../reference/denseNorms.ts';
import { mergeMoments as mergeReference } from '../../reference/mergeMoments.ts';
import { denseMoments as reference } from '../../reference/moments.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import { EDGES, type Expected, shapeName, type Trial, type Values } from '../trial.ts';
import { given, random } from '../values.ts';

interface Layer {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Means are sums over the batch divided by it. A centred square is Σe² − (Σe)²/B with e = p − p₀, so its error is that
 * of the first sum, which is the centred square and B·(p₀ − mean)²: 8 u √B of it, the subtractions of p₀ included.
 */
function momentTolerances(batch: number) {
  return {
    mean: sumTolerance(batch, productScale(batch)) / batch + 8 * U,
    squares: (centred: Float64Array, means: Float64Array, first: (at: number) => number) =>
      centred.map(
        (square, at) => 8 * U * (1 + Math.sqrt(batch)) * (square + batch * (first(at) - means[at]!) ** 2 + U),
      ),
  };
}

/** What the mean and the centred squares of the weight's gradient must be. x [B, K], delta [B, L] → [L, K] each. */
export function weightMoments(
  layer: Layer,
  x: Values,
  delta: Values,
  { gradient, variance } = reference(x, delta, layer),
): readonly [Expected, Expected] {
  const { mean, squares } = momentTolerances(layer.batch);
  const first = (at: number): number => delta[Math.floor(at / layer.inputs)]! * x[at % layer.inputs]!;
  return [
    { values: gradient, tolerance: mean },
    { values: variance, tolerance: squares(variance, gradient, first) },
  ];
}

export function momentsTrial(
  { batch, inputs, outputs }: Layer,
  bias: boolean,
  replicas: 1 | 3,
  asGpu = false,
): Trial {
  const layer = { batch, inputs, outputs };
  return {
    kernel: 'moments/dense',
    name: `${shapeName([batch, inputs, outputs], replicas)}${bias ? '' : ', no bias'}`,
    replicas,
    asGpu,
    candidates: (target) => denseMomentsCandidates({ ...layer, bias }, target),
    operands: { x: random([batch, inputs], 1), delta: random([batch, outputs], 2) },
    trace: ({ x, delta }) => {
      const { gradient, centredSquares, normSq } = denseMoments(x!, delta!, bias);
      return [...gradient, ...centredSquares, ...normSq];
    },
    expect: ({ x, delta }) => {
      const moments = reference(x!, delta!, layer);
      const weight = weightMoments(layer, x!, delta!, moments);
      const norms = denseNorms(x!, delta!, { rows: batch, inputs, outputs });
      const each = [
        {
          values: norms.weight,
          tolerance: norms.weight.map((v) => sumTolerance(inputs, v) + sumTolerance(outputs, v) + U * v),
        },
        { values: norms.bias, tolerance: norms.bias.map((v) => sumTolerance(outputs, v)) },
      ] as const;
      if (!bias) return [...weight, ...each];
      const { mean, squares } = momentTolerances(batch);
      const { biasGradient, biasVariance } = moments;
      const biasSquares = squares(biasVariance, biasGradient, (at) => delta![at]!);
      return [
        weight[0],
        { values: biasGradient, tolerance: mean },
        weight[1],
        { values: biasVariance, tolerance: biasSquares },
        ...each,
      ];
    },
  };
}

export function momentsTrials(): Trial[] {
  const every = (trial: Trial): Trial => ({ ...trial, everyVariant: true });
  const dense = [
    momentsTrial({ batch: 1, inputs: 1, outputs: 1 }, true, 1),
    momentsTrial({ batch: 65, inputs: 1, outputs: 127 }, true, 1),
    momentsTrial({ batch: 33, inputs: 127, outputs: 65 }, true, 1),
    every(momentsTrial({ batch: 64, inputs: 128, outputs: 10 }, true, 1)),
    momentsTrial({ batch: 33, inputs: 260, outputs: 130 }, true, 1),
    every(momentsTrial({ batch: 127, inputs: 65, outputs: 33 }, false, 1)),
    every(momentsTrial({ batch: 16, inputs: 68, outputs: 36 }, false, 3)),
    momentsTrial({ batch: 20, inputs: 33, outputs: 18 }, true, 3),
    momentsTrial({ batch: 33, inputs: 65, outputs: 127 }, true, 3, true),
    momentsTrial({ batch: 127, inputs: 33, outputs: 65 }, false, 1, true),
  ];
  const merges = EDGES.flatMap((elements) =>
    ([0, 96] as const).map((before): Trial => {
      const replicas = before === 0 ? 1 : 3;
      return {
        kernel: 'moments/merge',
        name: `${shapeName([elements], replicas)}, after ${before} examples`,
        replicas,
        operands: {
          mean: random([elements], 1, { changed: true }),
          squares: random([elements], 2, { low: 0, high: 4, changed: true }),
          batchMean: random([elements], 3),
          batchSquares: random([elements], 4, { low: 0, high: 4 }),
          counters: given([3], Uint32Array.of(3, 0, before), { shared: true }),
        },
        trace: ({ batchMean, batchSquares }, { mean, squares, counters }) => {
          const into = { mean: mean!, centredSquares: squares!, counters: counters! };
          mergeMoments(into, batchMean!, batchSquares!, 32);
          return [];
        },
        expect: ({ mean, squares, batchMean, batchSquares }) => {
          const merged = mergeReference(
            { mean: mean!, squares: squares! },
            before,
            { mean: batchMean!, squares: batchSquares! },
            32,
          );
          return [
            { values: merged.mean, tolerance: 8 * U },
            { values: merged.squares, tolerance: merged.squares.map((value) => 10 * U * (1 + value)) },
          ];
        },
      };
    }),
  );
  return [...dense, ...merges];
}
