import { perExample } from '../../autograd/perExample.ts';
import { vjp } from '../../autograd/vjp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { fill } from '../../ops/fill.ts';
import { size } from '../../ops/graph.ts';
import { type Bins, type BinsOf, binCount } from '../../ops/perExample/histogramBins.ts';
import { rowGradients } from '../../ops/perExample/rowGradients.ts';
import { reshape } from '../../ops/reshape.ts';
import { type MicroBatch, Pass, type Point, unitsOf } from '../pass.ts';

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
 * @throws RangeError for 2³² elements of a tensor or more
 * @throws where BatchNorm in train mode couples the examples, and they are no ghost batches
 */
export async function gradientHistogram(gpu: Gpu, point: Point, bins: BinsOf): Promise<GradientHistogram> {
  const oneUnit = point.ghostBatch !== undefined;
  if (isCoupled(point) && !oneUnit) {
    throw new Error('BatchNorm in train mode couples the examples; measure in eval mode, or ghost batches');
  }
  const { entries } = point.layout;
  const units = unitsOf(point);
  for (const { name, elements } of entries) {
    if (units * elements >= 2 ** 32) {
      throw new RangeError(
        `${name}: ${units} × ${elements} elements pass what a count can hold; take fewer examples`,
      );
    }
  }
  const all = binCount(bins);
  return Scope.within(async (scope) => {
    const counts = entries.map(({ name }) =>
      scope.own(new State(gpu, { label: `histogram of ${name}`, shape: [all + 1], dtype: 'u32' })),
    );
    const trace = ({ graph, units: here, parameters, losses, weigh }: MicroBatch): void => {
      const cotangents = vjp([[losses, weigh(fill(graph, 1, [here]))]], parameters);
      const gradients = oneUnit
        ? cotangents.of.map((gradient, i) => {
            const { shape } = parameters[i]!;
            return rowGradients(reshape(gradient ?? fill(graph, 0, shape), [1, size(shape)]), shape);
          })
        : perExample(cotangents, parameters);
      gradients.forEach((each, i) => {
        each.histogram(counts[i]!, bins, bins.parameter ? parameters[i] : undefined);
      });
    };
    const pass = scope.own(await Pass.open(gpu, 'histograms', point, trace));
    await pass.run();
    const found = await Promise.all(counts.map((state) => state.readU32()));
    return {
      gradient: bins.gradient,
      parameter: bins.parameter ?? null,
      counts: found.map((values) => values.slice(0, all)),
      notFinite: found.reduce((sum, values) => sum + values[all]!, 0),
    };
  });
}
