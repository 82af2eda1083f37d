import type { HostTensor } from '../../host/hostTensor.ts';
import type { AlongGradient } from '../../measure/curvature/alongGradient.ts';
import { type FlatLayout, partValues } from '../../nn/flatValues.ts';

/** Gradient, variance and Hessian product by state-dict names, each under its prefix. */
export function resultTensors(
  layout: FlatLayout,
  { mean, centredSquares }: AlongGradient,
  hvp: Float32Array | null,
  examples: number,
): Map<string, HostTensor> {
  const named = new Map<string, HostTensor>();
  const put = (prefix: string, flat: Float32Array): void => {
    layout.entries.forEach(({ name, shape }, i) => {
      named.set(prefix + name, { dtype: 'F32', shape: [...shape], data: partValues(layout, flat, i) });
    });
  };
  put('grad.', mean);
  if (examples > 1 && centredSquares) {
    put(
      'gradVariance.',
      centredSquares.map((squares) => squares / (examples - 1)),
    );
  }
  if (hvp) put('hvp.', hvp);
  return named;
}
