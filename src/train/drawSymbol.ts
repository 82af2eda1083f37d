import { purpose } from '../random/purpose.ts';
import { threefry2x32 } from '../random/threefry.ts';

/**
 * A symbol drawn with the probabilities softmax(z/τ); the same seed, step and place give the same one.
 * @param logits z [V]
 * @param temperature τ > 0: 1 for the model's own probabilities, less for likelier symbols
 */
export function drawSymbol(
  logits: Float32Array,
  temperature: number,
  { seed, step, place }: { readonly seed: number; readonly step: number; readonly place: number },
): number {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const weights = Array.from(logits, (z) => Math.exp((z - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = (total * threefry2x32(seed, purpose.text, step, place)[0]) / 2 ** 32;
  const drawn = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  // Rounding may leave a trifle behind the last one.
  return drawn < 0 ? weights.length - 1 : drawn;
}
