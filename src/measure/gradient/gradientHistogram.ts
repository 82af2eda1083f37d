import { perExample } from '../../autograd/perExample.ts';
import type { Gpu } from '../../gpu/device.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { fill } from '../../ops/fill.ts';
import { size } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { type Bins, type BinsOf, binCount } from '../../ops/perExample/histogramBins.ts';
import { rowGradients } from '../../ops/perExample/rowGradients.ts';
import { reshape } from '../../ops/reshape.ts';
import { measureOver } from '../measureOver.ts';
import { type Point, unitsOf } from '../pass.ts';
import type { Look, Quantity } from '../quantity.ts';
import type { TracedBatch } from '../tracedBatch.ts';
import { gatherMoments } from './gradientMoments.ts';

/** Counts of the elements of all per-example gradients: what the data have, no estimate. */
export interface GradientHistogram {
  readonly gradient: Bins;
  /** Rows, where parameters are binned as well. */
  readonly parameter: Bins | null;
  /** By parameter tensor, in the layout's order: [rows·bins], row after row. */
  readonly counts: readonly Uint32Array[];
  /** Elements, over all tensors, that are no finite number, or whose parameter is none. */
  readonly notFinite: number;
}

/**
 * Histograms of the N·P elements of the per-example gradients over a data set, by their value, or by it and the value of their
 * parameter (Schneider et al. 2021, Cockpit), one for each tensor: bins of the workgroups' own, nothing of size N × P.
 * Elements outside a range count in its first or last bin. With ghost batches, of the units' gradients.
 * @param binsBy the bins, by |gₙ|² of every unit
 */
export function gradientHistogramBy(binsBy: (normSq: Float32Array) => BinsOf): Quantity<GradientHistogram> {
  let bins: BinsOf | null = null;
  return {
    trace(batch) {
      const each = gatherMoments(batch).normSq;
      return {
        values: (graph) => ({ normSq: each.in(graph) }),
        afterHost({ normSq }) {
          bins = binsBy(normSq as Float32Array);
          const given = bins;
          return (again) => counted(again, given);
        },
      };
    },
    read(numbers, { layout }) {
      const all = binCount(bins!);
      const found = layout.entries.map(({ name }) => numbers[name] as Uint32Array);
      return {
        gradient: bins!.gradient,
        parameter: bins!.parameter ?? null,
        counts: found.map((values) => values.slice(0, all)),
        notFinite: found.reduce((sum, values) => sum + values[all]!, 0),
      };
    },
  };
}

/**
 * Histograms in bins that are given. See `gradientHistogramBy`.
 * @throws RangeError for 2³² elements of a tensor or more
 * @throws where BatchNorm in train mode couples the examples, and they are no ghost batches
 */
export async function gradientHistogram(gpu: Gpu, point: Point, bins: BinsOf): Promise<GradientHistogram> {
  requireCountable(point);
  return (await measureOver(gpu, point, { found: gradientHistogramBy(() => bins) })).found;
}

/**
 * @throws RangeError for 2³² elements of a tensor or more
 * @throws where BatchNorm in train mode couples the examples, and they are no ghost batches
 */
export function requireCountable(point: Point): void {
  if (isCoupled(point) && point.ghostBatch === undefined) {
    throw new Error('BatchNorm in train mode couples the examples; measure in eval mode, or ghost batches');
  }
  const units = unitsOf(point);
  for (const { name, elements } of point.layout.entries) {
    if (units * elements >= 2 ** 32) {
      throw new RangeError(
        `${name}: ${units} × ${elements} elements pass what a count can hold; take fewer examples`,
      );
    }
  }
}

function counted(batch: TracedBatch, bins: BinsOf): Look {
  const { graph, units, unitSize, parameters, layout, gathering } = batch;
  const cotangents = batch.cotangents(batch.weigh(fill(graph, 1, [units])));
  const gradients =
    unitSize > 1
      ? batch.whole(cotangents).map((g) => rowGradients(reshape(g, [1, size(g.shape)]), g.shape))
      : perExample(cotangents, parameters);
  const counts = layout.entries.map(({ name }) =>
    gathering.memory(`histogram of ${name}`, { shape: [binCount(bins) + 1], dtype: 'u32' }),
  );
  gradients.forEach((each, i) => {
    each.histogram(counts[i]!, bins, bins.parameter ? parameters[i] : undefined);
  });
  return {
    values: (later) =>
      Object.fromEntries(layout.entries.map(({ name }, i) => [name, read(later, counts[i]!)])),
  };
}
