import { abs } from '../../ops/abs.ts';
import { add } from '../../ops/add.ts';
import { broadcast } from '../../ops/broadcast.ts';
import { dot } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import { multiply } from '../../ops/multiply.ts';
import { offset } from '../../ops/offset.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import { scale } from '../../ops/scale.ts';
import { signStep } from '../../ops/signStep.ts';
import { subtract } from '../../ops/subtract.ts';
import { variance } from '../../ops/variance.ts';
import type { Quantity } from '../quantity.ts';
import { largerOf } from './largerOf.ts';

/** What a few steps of sign ascent found. */
export interface AscentFound {
  /** 100 (maximum − f)/(1 + f) */
  readonly phi: number;
  /**
   * Over the examples, with the displacement as it was found: what other examples would give there. That it was chosen on these very
   * examples, for which φ is too large by that, is not in it. Null for one example, and where BatchNorm couples them.
   */
  readonly phiStderr: number | null;
  readonly phiFirstOrder: number;
  /** The largest loss that was found. */
  readonly maximum: number;
}

/** Where and how far is searched. */
export interface AscentOptions {
  readonly epsilon: number;
  /** The first so many examples of the data, of whose mean loss f the sharpness is. */
  readonly examples: number;
  /** K */
  readonly iterations: number;
}

/**
 * Keskar's sharpness in full space by projected sign ascent alone, traced: nothing comes from the host. From z = 0, by the whole radius
 * first, then by 2/K of it; K gradients and a loss.
 */
export function tracedAscent({ epsilon, examples, iterations }: AscentOptions): Quantity<AscentFound> {
  return {
    trace(of) {
      const batch = of.first(examples);
      const { graph, theta, meanWeights: weights } = batch;
      const hasError = batch.examples > 1 && batch.hasUnits;
      // Between tensors there is no slope, and so no step.
      const radii = scale(offset(abs(theta), 1), epsilon);
      const slopes = batch.gradient(weights);
      const corner = signStep(fill(graph, 0, theta.shape), slopes, radii, 1);
      const loss = dot(weights, batch.losses);
      let z = corner;
      let gradient = slopes;
      let best = { value: fill(graph, 0, []), belonging: fill(graph, 0, batch.losses.shape) };
      for (let k = 1; k <= iterations; k++) {
        if (k > 1) z = signStep(z, gradient, radii, 2 / iterations);
        const moved = batch.at(add(theta, z));
        const rises = subtract(moved.losses, batch.losses);
        best = largerOf([dot(weights, rises), best.value], [rises, best.belonging]);
        if (k < iterations) gradient = moved.gradient(weights);
      }
      // By how much each example moves φ/100, but for what is the same for all: φ is a ratio of two means over them.
      const inverse = reciprocal(offset(loss, 1));
      const each = (value: Tensor, of: Tensor): Tensor =>
        multiply(broadcast(value, of.shape, { from: 0, to: 1 }), of);
      const ratio = multiply(best.value, inverse);
      const influence = multiply(
        broadcast(inverse, batch.losses.shape, { from: 0, to: 1 }),
        subtract(best.belonging, each(ratio, batch.losses)),
      );
      const values = { loss, rise: best.value, firstOrder: dot(slopes, corner) };
      return {
        values: () =>
          hasError ? { ...values, spread: scale(variance(influence), 1 / batch.examples) } : values,
      };
    },
    read({ loss, rise, firstOrder, spread }) {
      const f = loss![0]!;
      return {
        phi: (100 * rise![0]!) / (1 + f),
        phiStderr: spread ? 100 * Math.sqrt(spread[0]!) : null,
        phiFirstOrder: (100 * firstOrder![0]!) / (1 + f),
        maximum: f + rise![0]!,
      };
    },
  };
}
