import type { HostTensor } from '../../host/hostTensor.ts';
import { type FlatLayout, partValues } from '../../nn/flatValues.ts';
import type { Moments } from './moments.ts';

/** Gradient, variance and Hessian product by state-dict names, each under its prefix. */
export function resultTensors(
  layout: FlatLayout,
  { mean, centredSquares }: Pick<Moments, 'mean' | 'centredSquares'>,
  product: Float32Array | undefined,
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
  if (product) put('hvp.', product);
  return named;
}
