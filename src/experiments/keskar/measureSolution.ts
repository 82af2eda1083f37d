import { z } from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { point } from '../../measure/point.ts';
import { keskar } from '../../measure/sharpness/keskar.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import type { StateValues } from '../../nn/stateDict.ts';

/** How sharp the training loss is at a solution: over all examples that it was trained on. */
export interface Sharpness {
  readonly lambdaMax: number;
  /** |Hv − λv|/λ: how well that is converged. */
  readonly residual: number;
  /** By box, ascending in ε. */
  readonly boxes: readonly {
    readonly epsilon: number;
    readonly phi: number;
    readonly phiFirstOrder: number;
  }[];
}

export const sharpnessSchema: z.ZodType<Sharpness> = z.strictObject({
  lambdaMax: z.number(),
  residual: z.number(),
  boxes: z.array(z.strictObject({ epsilon: z.number(), phi: z.number(), phiFirstOrder: z.number() })),
});

/** The largest eigenvalue of the Hessian by Lanczos's process to its end, and Keskar's φ with its first order in boxes of some ε. */
export async function measureSharpness(
  gpu: Gpu,
  { model, weights, dataset }: { model: ModelSpec; weights: StateValues; dataset: Dataset },
  epsilons: readonly number[],
): Promise<Sharpness> {
  const at = await point(gpu, { model, weights, data: dataset, mode: 'eval' });
  try {
    const [top] = (await at.hessian().eigenvalues(1)).pairs;
    const boxes = epsilons.length > 0 ? await at.measure(keskar({ epsilon: epsilons })) : [];
    return {
      lambdaMax: top!.value,
      residual: top!.residual / Math.abs(top!.value),
      boxes: boxes.map(({ epsilon, phi, phiFirstOrder }) => ({ epsilon, phi, phiFirstOrder })),
    };
  } finally {
    at.dispose();
  }
}

/** |θ − θ′| over all parameters, float64. */
export function distanceOf(a: StateValues, b: StateValues): number {
  let sum = 0;
  for (const [name, values] of a) {
    const other = b.get(name)!;
    for (let i = 0; i < values.length; i++) sum += (values[i]! - other[i]!) ** 2;
  }
  return Math.sqrt(sum);
}
