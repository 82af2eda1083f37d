import type { FlatLayout } from '../../ops/flat.ts';
import { read } from '../../ops/leaf.ts';
import type { Quantity } from '../quantity.ts';
import type { CurvatureKind } from './operator.ts';
import type { Wave } from './probeWaves.ts';
import { quadraticForm } from './quadraticForms.ts';
import { signVector } from './signVector.ts';

/**
 * vᵀAv of vectors v of random signs (Hutchinson's probes of tr A), of variance 2(|A|² − Σ Aᵢᵢ²) each: one look at the data, tangents
 * of the forward pass a probe.
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
      const { gathering, graph, theta } = batch;
      const forms = probes.map((_, i) => {
        const v = read(graph, gathering.memory(`v ${i}`, { shape: [length] }));
        return gathering.sum(`form ${i}`, quadraticForm(batch, kind, [[theta, v]]));
      });
      return {
        values: (later) => Object.fromEntries(forms.map((form, i) => [`form ${i}`, form.in(later)])),
      };
    },
    read: (numbers) => probes.map((_, i) => numbers[`form ${i}`]![0]!),
  };
}
