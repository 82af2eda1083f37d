import { dot } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import type { FlatLayout } from '../../ops/flat.ts';
import { read } from '../../ops/leaf.ts';
import type { Quantity } from '../quantity.ts';
import { type CurvatureKind, productRules } from './operator.ts';
import type { Wave } from './probeWaves.ts';
import { signVector } from './signVector.ts';

/**
 * vᵀAv of vectors v of random signs (Hutchinson's probes of tr A), of variance 2(|A|² − Σ Aᵢᵢ²) each: one look at the data, a
 * product with A a probe.
 */
export function traceProbes(
  layout: FlatLayout,
  kind: CurvatureKind,
  { from, to, seed }: Wave & { readonly seed: number },
): Quantity<readonly number[]> {
  const { length } = layout;
  const probes = Array.from({ length: to - from }, (_, i) => signVector(layout, seed, from + i));
  return {
    given: Object.fromEntries(probes.map((v, i) => [`v ${i}`, v])),
    trace(batch) {
      const { gathering, graph } = batch;
      const productOf = productRules[kind](batch);
      const states = probes.map((_, i) => gathering.memory(`v ${i}`, { shape: [length] }));
      const products = states.map((v, i) =>
        gathering.sum(`product ${i}`, productOf(read(graph, v)) ?? fill(graph, 0, [length])),
      );
      return {
        values: (later) =>
          Object.fromEntries(
            products.map((product, i) => [`form ${i}`, dot(read(later, states[i]!), product.in(later))]),
          ),
      };
    },
    read: (numbers) => probes.map((_, i) => numbers[`form ${i}`]![0]!),
  };
}
