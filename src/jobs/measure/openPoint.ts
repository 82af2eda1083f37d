import { uploadExamples } from '../../data/uploadExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import type { Point } from '../../measure/pass.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { type FlatLayout, flatValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import type { MeasureInput } from './readMeasureInput.ts';

/**
 * Parameters, running statistics and examples in device memory; `dispose` frees them.
 * @throws LimitError if one of them passes the adapter's largest storage binding
 */
export function openPoint(
  gpu: Gpu,
  { model, mode, dataset, weights }: MeasureInput,
  ghostBatch?: number,
): { readonly point: Point; dispose(): void } {
  return Scope.makeNow((scope) => {
    const layout = parameterLayout(model);
    const state = (label: string, of: FlatLayout): State => {
      const made = scope.own(new State(gpu, { label, shape: [of.length] }));
      made.write(flatValues(of, weights));
      return made;
    };
    const theta = state('parameters', layout);
    const statistics = bufferLayout(model);
    const buffers = mode === 'eval' && statistics.length > 0 ? state('running statistics', statistics) : null;
    const examples = scope.own(uploadExamples(gpu, dataset));
    return {
      point: { model, layout, theta, examples, context: { mode, buffers }, ghostBatch },
      dispose: () => scope.dispose(),
    };
  });
}
