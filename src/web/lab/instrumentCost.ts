import type { Options } from './optionsText.ts';

/** A Hessian product in gradients of the same examples: forward over reverse, beside the gradient's own passes. */
const PRODUCT = 2;
/** A forward pass in gradients. */
const FORWARD = 1 / 3;
const FIRST = 64;

/**
 * What a look of an instrument takes of arithmetic, in training steps of B examples: about, and at the most, since passes that several
 * share are counted for each. A step is one gradient of its batch.
 * @returns null for an instrument that this knows nothing of
 */
export function instrumentCost(type: string, options: Options, batchSize: number): number | null {
  const number = (key: string, initial: number): number => {
    const value = options[key];
    return typeof value === 'number' ? value : initial;
  };
  const share = (of: number): number => number('examples', of) / batchSize;
  switch (type) {
    case 'noise_scale':
      return 0.1;
    case 'layer_norm_noise_scale':
      return 0.02;
    case 'eigenvalue':
      return (1 + PRODUCT * number('steps', 5) * (options.which === 'both' ? 2 : 1)) * share(FIRST);
    case 'hessian_noise':
      return (1 + PRODUCT * (1 + number('probes', 2))) * share(FIRST);
    case 'batch_sharpness':
      return PRODUCT;
    case 'density':
      return (1 + PRODUCT * number('starts', 2) * number('steps', 4)) * share(FIRST);
    case 'keskar':
      return (1 + FORWARD + number('iterations', 2)) * share(FIRST);
    case 'distance':
      return 0;
    case 'accuracy':
      return FORWARD * share(10_000);
    default:
      return null;
  }
}
