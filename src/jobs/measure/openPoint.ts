import { uploadExamples } from '../../data/uploadExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import type { Point } from '../../measure/pass.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { flatValues } from '../flatValues.ts';
import type { MeasureInput } from './readMeasureInput.ts';

/** Parameters, running statistics and examples in device memory; `dispose` frees them. */
export function openPoint(
  gpu: Gpu,
  { model, mode, dataset, weights }: MeasureInput,
  ghostBatch?: number,
): { readonly point: Point; dispose(): void } {
  const layout = parameterLayout(model);
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(flatValues(layout, weights));
  const statistics = bufferLayout(model);
  const buffers =
    mode === 'eval' && statistics.length > 0
      ? new State(gpu, { label: 'running statistics', shape: [statistics.length] })
      : null;
  buffers?.write(flatValues(statistics, weights));
  const examples = uploadExamples(gpu, dataset);
  return {
    point: { model, layout, theta, examples, context: { mode, buffers }, ghostBatch },
    dispose: () => {
      theta.dispose();
      buffers?.dispose();
      examples.dispose();
    },
  };
}
