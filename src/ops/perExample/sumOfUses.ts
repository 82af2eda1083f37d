import { add } from '../add.ts';
import { haveOneForm, patchGradient } from './patchProducts.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';
import { rowGradients } from './rowGradients.ts';

/**
 * The gradients of a parameter that is used several times, gₙ = Σᵤ gₙ⁽ᵘ⁾, with all cross terms: ‖gₙ‖² = Σᵤᵥ ⟨gₙ⁽ᵘ⁾, gₙ⁽ᵛ⁾⟩.
 * Uses of one form, such as those of a weight that two dense layers share, are joined without any gₙ being formed; others are
 * formed and added.
 * @param uses one or more, over the same examples
 * @param shape the parameter's
 * @throws RangeError where gradients would have to be formed, and would pass `LARGEST_ROWS` numbers
 */
export function sumOfUses(uses: readonly PerExampleGradient[], shape: readonly number[]): PerExampleGradient {
  if (uses.length === 1) return uses[0]!;
  const patches = uses.flatMap((use) => use.patches ?? []);
  if (uses.every((use) => use.patches) && haveOneForm(patches)) return patchGradient(patches, shape);
  return rowGradients(uses.map((use) => use.rows()).reduce(add), shape);
}
