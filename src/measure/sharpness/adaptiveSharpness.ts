import { requireNumber } from '../../host/requireNumber.ts';
import { requireOptions } from '../../host/requireOptions.ts';
import type { Measurement } from '../measurement.ts';
import { riseOfStep } from './ascentStep.ts';

/** How far ASAM's step goes, and what it is measured in. */
export interface AdaptiveSharpnessOptions {
  /** ρ, the length of the step in units of the parameters: 0.5 by default, as in the paper. */
  readonly rho?: number | undefined;
  /** η, which is added to the parameters' sizes; 0 by default, which alone leaves the measure invariant. */
  readonly eta?: number | undefined;
}

/**
 * Adaptive sharpness by ASAM's one step (Kwon et al. 2021): f(θ + ρT²∇f/|T∇f|) − f(θ), f the mean loss over all examples, T = |θ| + η
 * for parameters named `weight` and 1 for others. With η = 0 a rescaling of a ReLU network's layers against each other leaves it as
 * it is, but for the biases of a layer that is scaled: their T is 1. Null where T∇f is 0.
 * @throws InputError for what is no option; when it is measured, for a loss that is not finite, at θ or after the step
 */
export function adaptiveSharpness(options: AdaptiveSharpnessOptions = {}): Measurement<number | null> {
  requireOptions('adaptiveSharpness', options, ['rho', 'eta']);
  const { rho = 0.5, eta = 0 } = options;
  requireNumber('adaptiveSharpness', 'rho', rho, { above: 0 });
  requireNumber('adaptiveSharpness', 'eta', eta, { least: 0 });
  return riseOfStep('adaptiveSharpness', rho, (name, values) =>
    Float64Array.from(values, (value) => (isWeight(name) ? Math.abs(value) + eta : 1)),
  );
}

/** Whether PyTorch calls a parameter `weight`, whatever its module. */
function isWeight(name: string): boolean {
  return name.slice(name.lastIndexOf('.') + 1) === 'weight';
}
