import { purpose } from '../nn/purpose.ts';
import { randomSigns } from '../nn/randomSigns.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { dot64, type Estimate, estimateFrom } from './estimate.ts';
import type { Hessian } from './hessian.ts';

/** tr H by Hutchinson's probes: the mean of vᵀHv over vectors of random signs. */
export async function estimateHessianTrace(
  hessian: Hessian,
  layout: FlatLayout,
  { probes, seed }: { readonly probes: number; readonly seed: number },
): Promise<Estimate> {
  const vectors = Array.from({ length: probes }, (_, probe) => {
    const flat = new Float32Array(layout.length);
    layout.entries.forEach(({ offset, elements }, tensor) => {
      // Zero between the tensors: a sign there would be counted.
      flat.set(randomSigns(elements, seed, purpose.parameterSigns + tensor, probe), offset);
    });
    return flat;
  });
  const products = await hessian.times(vectors);
  return estimateFrom(products.map((product, i) => dot64(vectors[i]!, product)));
}

/** tr H from every coordinate: P Hessian products over the data. */
export async function exactHessianTrace(hessian: Hessian, layout: FlatLayout): Promise<Estimate> {
  let value = 0;
  let probes = 0;
  for (const { offset, elements } of layout.entries) {
    for (let first = 0; first < elements; first += GROUP) {
      const at = Array.from({ length: Math.min(GROUP, elements - first) }, (_, i) => offset + first + i);
      const unit = at.map((index) => {
        const flat = new Float32Array(layout.length);
        flat[index] = 1;
        return flat;
      });
      const products = await hessian.times(unit);
      value += products.reduce((sum, product, i) => sum + product[at[i]!]!, 0);
      probes += at.length;
    }
  }
  return { value, stderr: 0, probes };
}

const GROUP = 64;
