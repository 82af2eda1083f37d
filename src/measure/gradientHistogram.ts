import { type PerExample, perExample } from '../autograd/perExample.ts';
import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { fill } from '../ops/fill.ts';
import type { Tensor } from '../ops/graph.ts';
import { type Bins, histogram } from '../ops/histogram.ts';
import { reshape } from '../ops/reshape.ts';
import { scaleGradients } from '../ops/scaleGradients.ts';
import { isCoupled, Pass, type Point } from './pass.ts';

/** Counts of the elements of all per-example gradients. */
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
 * Elements outside a range count in its first or last bin.
 * @throws RangeError for 2³² elements of a tensor or more; for a convolution, whose elements are sums over positions; where
 *   BatchNorm in train mode couples the examples
 */
export async function gradientHistogram(
  gpu: Gpu,
  point: Point,
  { gradient, parameter }: { readonly gradient: Bins; readonly parameter?: Bins },
): Promise<GradientHistogram> {
  if (isCoupled(point)) throw new Error('BatchNorm in train mode couples the examples; measure in eval mode');
  const { entries } = point.layout;
  const N = point.examples.examples;
  for (const { name, elements } of entries) {
    if (N * elements >= 2 ** 32) {
      throw new RangeError(
        `${name}: ${N} × ${elements} elements pass what a count can hold; take fewer examples`,
      );
    }
  }
  const bins = gradient.count * (parameter?.count ?? 1);
  const counts = entries.map(
    ({ name }) => new State(gpu, { label: `histogram of ${name}`, shape: [bins + 1], dtype: 'u32' }),
  );
  try {
    const pass = await Pass.open(gpu, 'histograms', point, ({ graph, batch, parameters, losses }) => {
      const structure = perExample(vjp([[losses, fill(graph, 1, [batch])]], parameters), parameters);
      factors(structure, parameters, batch).forEach((factor, i) => {
        const w = parameter ? parameters[i]! : undefined;
        histogram(counts[i]!, { ...factor, ...(w ? { w } : {}) }, gradient, parameter);
      });
    });
    try {
      await pass.run();
    } finally {
      pass.dispose();
    }
    const all = await Promise.all(counts.map((state) => state.readU32()));
    return {
      gradient,
      parameter: parameter ?? null,
      counts: all.map((values) => values.slice(0, bins)),
      notFinite: all.reduce((sum, values) => sum + values[bins]!, 0),
    };
  } finally {
    for (const state of counts) state.dispose();
  }
}

/** Each parameter's per-example gradients as outer products δₙxₙᵀ: [B, L] and [B, K]. */
function factors(
  { of }: PerExample,
  parameters: readonly Tensor[],
  batch: number,
): { readonly x: Tensor; readonly delta: Tensor }[] {
  return of.map(({ rule, part }, i) => {
    const one = fill(parameters[i]!.node.graph, 1, [batch, 1]);
    if (rule.kind === 'outer') return { x: part === 'weight' ? rule.x : one, delta: rule.delta };
    if (rule.kind === 'scale') {
      const [weight, shift] = scaleGradients(rule.x, rule.delta, rule.view);
      const each = part === 'weight' ? weight : shift;
      return { x: one, delta: reshape(each, [batch, each.shape.slice(1).reduce((a, b) => a * b, 1)]) };
    }
    throw new RangeError(
      'a convolution’s per-example gradients are sums over positions: no histogram of them',
    );
  });
}
