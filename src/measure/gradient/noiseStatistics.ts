import { jvp } from '../../autograd/jvp.ts';
import { perExample } from '../../autograd/perExample.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { add } from '../../ops/add.ts';
import { broadcast } from '../../ops/broadcast.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import { pack, unpack } from '../../ops/flat.ts';
import type { Graph, Tensor } from '../../ops/graph.ts';
import { reshape } from '../../ops/reshape.ts';
import { scale } from '../../ops/scale.ts';
import { subtract } from '../../ops/subtract.ts';
import { collapse, mean, sum } from '../../ops/sum.ts';
import type { Quantity } from '../quantity.ts';
import type { UnitSpread } from '../statistics/unitSpread.ts';
import type { Gathered, TracedBatch } from '../tracedBatch.ts';

/** What is measured beside the norms; or of which parameters alone they are, and then nothing beside. */
export type NoiseStatisticsOptions =
  | {
      /** Also the spread of the units. */
      readonly tests: boolean;
      readonly among?: undefined;
    }
  | {
      readonly tests: false;
      /** Names of the parameters that count, of a model. */
      readonly among: (model: ModelSpec) => readonly string[];
    };

/** Gradient statistics of a batch, or of all batches of a data set. */
export interface NoiseStatistics {
  /** By parameter, in the layout's order: |ḡ|², and the mean of |g_u|² over the units. */
  readonly norms: readonly { readonly gradNormSq: number; readonly smallNormSq: number }[];
  /** Over the units, all parameters together; null where it is not measured. */
  readonly spread: UnitSpread | null;
}

/**
 * |ḡ|² and the mean of |g_u|² over the units, by parameter; with `tests` the units' spread, from which tests of the gradient and
 * standard errors follow. |g_u|² comes from the backward pass of the mean loss, and d_u = ⟨g_u, ḡ⟩ of all units from one
 * forward pass with ḡ for the parameters' tangent: d_u is the derivative of unit u's loss along ḡ, whatever the layers.
 */
export function noiseStatistics({ tests, among }: NoiseStatisticsOptions): Quantity<NoiseStatistics> {
  return {
    trace(batch) {
      const { gathering, layout, units, unitSize } = batch;
      const names = among && new Set(among(batch.of.model));
      const places = layout.entries.flatMap(({ name }, i) => (!names || names.has(name) ? [i] : []));
      const counted = <T>(of: readonly T[]): T[] => places.map((i) => of[i]!);
      const cotangents = batch.cotangents(batch.meanWeights);
      const gradients = batch.whole(cotangents);
      const all = gathering.sum('gradient', pack(layout, [...gradients]));
      const norms = ofUnits();
      const sums = norms.map((each, i) => gathering.sum(`|g|² ${i}`, sum(each)));
      const whole = tests ? gathering.rows('|g|²', norms.reduce(add), 'units') : null;
      const parts = (graph: Graph): readonly Tensor[] =>
        gathering.once ? gradients : unpack(all.in(graph), layout);
      return {
        values: (graph) => ({
          ...numbered('gradNormSq', counted(parts(graph)).map(normSq)),
          ...numbered(
            'smallNormSq',
            sums.map((each) => each.in(graph)),
          ),
        }),
        next: whole ? (again) => spread(again, all, whole) : undefined,
      };

      /** |g_u/U|² of every unit, by parameter: for the cotangent of the mean. */
      function ofUnits(): readonly Tensor[] {
        // A ghost batch of a data set is one unit, whose gradient is there.
        if (!gathering.once && units === 1 && unitSize > 1) {
          return counted(gradients).map((gradient) => reshape(normSq(gradient), [1]));
        }
        return counted(perExample(cotangents, batch.parameters)).map((each) => each.norms(unitSize));
      }
    },
    read(numbers, { units }) {
      const of = (name: string): number => numbers[name]![0]!;
      const counted = Object.keys(numbers).filter((name) => name.startsWith('gradNormSq ')).length;
      const norms = Array.from({ length: counted }, (_, i) => ({
        gradNormSq: of(`gradNormSq ${i}`),
        // The cotangent of each unit's loss is 1/U: U² for the unit's own mean, over U of them.
        smallNormSq: of(`smallNormSq ${i}`) * units,
      }));
      if (!tests) return { norms, spread: null };
      return { norms, spread: { squares: of('squares'), products: of('products'), dots: of('dots') } };
    },
  };
}

/** @param norms |g_u/U|² of every unit: for the cotangent 1/U of a unit's loss */
function spread(batch: TracedBatch, gradient: Gathered, norms: Gathered) {
  const { graph, theta, losses, units, unitSize, gathering } = batch;
  const [tangents] = jvp([losses], [[theta, gradient.in(graph)]]);
  const along = reshape(tangents ?? fill(graph, 0, losses.shape), [units, unitSize]);
  const dots = gathering.rows('⟨g, ḡ⟩', scale(collapse(along, 1), 1 / unitSize), 'units');
  return {
    values(later: Graph) {
      const d = dots.in(later);
      // |g_u − ḡ|² but for a constant.
      const squares = subtract(scale(norms.in(later), gathering.units ** 2), scale(d, 2));
      const centred = (v: Tensor): Tensor => subtract(v, broadcast(mean(v), v.shape, { from: 0, to: 1 }));
      const [q, c] = [centred(squares), centred(d)];
      return { squares: normSq(q), products: dot(q, c), dots: normSq(c) };
    },
  };
}

function numbered(name: string, tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor, i) => [`${name} ${i}`, tensor]));
}
