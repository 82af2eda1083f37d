import { requireNumber } from '../../host/requireNumber.ts';
import { requireOptions } from '../../host/requireOptions.ts';
import type { Measurement } from '../measurement.ts';
import { riseOfStep } from './ascentStep.ts';

/** How far SAM's step goes. */
export interface SamOptions {
  /** ρ, the length of the step: 0.05 by default, as in the paper. */
  readonly rho?: number | undefined;
}

/**
 * The sharpness that SAM minimises, by its one step (Foret et al. 2021): f(θ + ρ∇f/|∇f|) − f(θ), f the mean loss over all examples. Null
 * where the gradient is 0.
 * @throws InputError for what is no option; when it is measured, for a loss that is not finite, at θ or after the step
 */
export function sam(options: SamOptions = {}): Measurement<number | null> {
  requireOptions('sam', options, ['rho']);
  const { rho = 0.05 } = options;
  requireNumber('sam', 'rho', rho, { above: 0 });
  return riseOfStep('sam', rho, (_, { length }) => new Float64Array(length).fill(1));
}
