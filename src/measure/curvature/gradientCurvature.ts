import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import type { Point } from '../pass.ts';
import { UnitCurvature } from './unitCurvature.ts';

/**
 * 2⟨gₙ, Hḡ⟩ + ḡᵀHₙḡ of every example (unit): but for a constant, N times what ḡᵀHḡ gains by it. One pass of tangents.
 * @param mean ḡ, and `product` Hḡ, flat [P]
 * @returns [N]
 */
export function gradientCurvature(
  gpu: Gpu,
  point: Point,
  mean: Float32Array,
  product: Float32Array,
): Promise<Float64Array> {
  return Scope.within(async (scope) => {
    const [along, curved] = [mean, product].map((values) => {
      const state = scope.own(new State(gpu, { label: 'mean gradient', shape: [point.layout.length] }));
      state.write(values);
      return state;
    }) as [State, State];
    const each = scope.own(await UnitCurvature.open(gpu, point, { directions: [along], slopes: [curved] }));
    const { forms, slopes } = await each.measure();
    return Float64Array.from(forms[0]!, (form, n) => 2 * slopes[0]![n]! + form);
  });
}
