import { z } from 'zod';
import { add } from '../../ops/add.ts';
import { broadcast } from '../../ops/broadcast.ts';
import { dot, normSq } from '../../ops/dot.ts';
import type { Graph, Tensor } from '../../ops/graph.ts';
import { multiply } from '../../ops/multiply.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import { scale } from '../../ops/scale.ts';
import { subtract } from '../../ops/subtract.ts';
import { mean } from '../../ops/sum.ts';
import { unitSlopes } from '../gradient/directionalDerivatives.ts';
import type { InstrumentKind } from '../instrument.ts';
import { withoutNonFinite } from '../nonFinite.ts';
import type { Look, Quantity } from '../quantity.ts';
import type { Gathered, TracedBatch } from '../tracedBatch.ts';
import { hessianOf } from './hessianProduct.ts';
import { unitForms } from './unitForms.ts';

/** What a batch tells of its sharpness. */
interface SharpnessOfBatch {
  /** gᵀHg/|g|² */
  readonly value: number;
  readonly gHg: number;
  readonly gradNormSq: number;
  /** Of the value, over the units by the linear jackknife; null where they have no gradients of their own, or there is one. */
  readonly stderr: number | null;
}

/**
 * gᵀHg/|g|² of a batch, g and H the gradient and Hessian of its own loss: the curvature that a step sees along itself. Over all
 * examples of a data set 1/ε_max (McCandlish et al. 2018, eq. 2.5).
 *
 * Without unit u, gᵀHg is less by (2⟨g_u, Hg⟩ + gᵀH_ug − …)/(U − 1) and |g|² by 2(⟨g_u, g⟩ − …)/(U − 1), to first order, so that with
 * w_u = 2⟨g_u, Hg⟩ + gᵀH_ug − 2r⟨g_u, g⟩ the variance of the ratio r is Σ(w_u − w̄)²/(U(U − 1)|g|⁴). It is of the draw of the batch,
 * as r is one of E_B[g_BᵀH_Bg_B/|g_B|²].
 */
const alongItself: Quantity<SharpnessOfBatch> = {
  trace(given) {
    const batch = given.apart();
    const gradient = batch.gathering.sum('gradient', batch.gradient(batch.meanWeights));
    const hasSpread = batch.hasUnits && batch.gathering.units > 1;
    const here = (again: TracedBatch): TracedBatch => (again === given ? batch : again);
    return { next: (again) => alongProduct(here(again), gradient, hasSpread, here) };
  },
  read({ value, gHg, gradNormSq, spread }, { units }) {
    const square = gradNormSq![0]!;
    return {
      value: value![0]!,
      gHg: gHg![0]!,
      gradNormSq: square,
      stderr: spread ? Math.sqrt(spread[0]! / (units * (units - 1))) / square : null,
    };
  },
};

function alongProduct(
  batch: TracedBatch,
  gradient: Gathered,
  hasSpread: boolean,
  here: (again: TracedBatch) => TracedBatch,
): Look {
  const { graph, gathering } = batch;
  const direction = gradient.in(graph);
  const product = gathering.sum('product', hessianOf(batch)(direction));
  const rows = (name: string, values: Tensor): Gathered => gathering.rows(name, values, 'units');
  const forms = hasSpread ? rows('forms', unitForms(batch, direction, direction)) : null;
  const dots = hasSpread ? rows('dots', unitSlopes(batch, direction)) : null;
  const numbers = (later: Graph) => {
    const g = gradient.in(later);
    const [gHg, square] = [dot(g, product.in(later)), normSq(g)];
    return { value: multiply(gHg, reciprocal(square)), gHg, gradNormSq: square };
  };
  if (!forms || !dots) return { values: numbers };
  return {
    next(later) {
      const again = here(later);
      const slopes = again.gathering.rows('slopes', unitSlopes(again, product.in(again.graph)), 'units');
      return {
        values(later) {
          const found = numbers(later);
          const along = dots.in(later);
          const ratio = broadcast(found.value, along.shape, { from: 0, to: 1 });
          const byGradient = subtract(slopes.in(later), multiply(ratio, along));
          const all = add(scale(byGradient, 2), forms.in(later));
          const centred = subtract(all, broadcast(mean(all), all.shape, { from: 0, to: 1 }));
          return { ...found, spread: normSq(centred) };
        },
      };
    },
  };
}

/** Batch sharpness as an instrument: of each step's own batch, whose mean over steps SGD holds at 2/ε. */
export const sharpnessOfBatch: InstrumentKind<object> = {
  type: 'batch_sharpness',
  options: (given) => z.strictObject({}).parse(given),
  make: (_, schedule) => ({
    type: 'batch_sharpness',
    schedule,
    unitSize: null,
    quantity: alongItself,
    follow:
      () =>
      ({ value, gHg, gradNormSq, stderr }: SharpnessOfBatch) =>
        withoutNonFinite({ value, valueStderr: stderr, gHg, gradNormSq }).result,
  }),
  ofData: true,
  shown: [
    {
      key: 'value',
      symbol: 'g·Hg/|g|²',
      name: 'Batch sharpness',
      equation: 'E_{B} [ g_{B} · H_{B} g_{B} / |g_{B}|² ]',
      meaning:
        'Curvature of the mini-batch’s own loss along its own gradient: what a step sees of the landscape along itself. Plain SGD holds its mean at 2/ε; with momentum m at 2(1 − m)/ε for small batches and 2(1 + m)/ε for large ones. Single readings scatter with the batch.',
      source: 'Andreyev & Beneventano 2024',
      log: false,
      scatters: true,
    },
  ],
};
