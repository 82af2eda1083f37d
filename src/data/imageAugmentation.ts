import { purpose } from '../random/purpose.ts';
import { threefry2x32 } from '../random/threefry.ts';
import { multiplyHigh } from './sampler.ts';

/** What becomes of an image: it is flipped, left for right, or not, and then shifted by whole pixels. */
export interface ImageAugmentation {
  readonly flipped: boolean;
  readonly down: number;
  readonly right: number;
}

/**
 * What the op `augment` makes of the image at a position of a batch, as shaders/training/augment.wgsl draws it: a shift from −s to
 * s along either side and, with `flip`, one of two sides, all alike but for 2⁻³².
 * @param step counted from 0
 */
export function imageAugmentation(
  { shift, flip }: { readonly shift: number; readonly flip: boolean },
  { seed, step, position }: { readonly seed: number; readonly step: number; readonly position: number },
): ImageAugmentation {
  const shifts = 2 * shift + 1;
  const [word] = threefry2x32(seed, purpose.augmentation, step, position);
  const outcome = multiplyHigh(word, shifts * shifts * (flip ? 2 : 1));
  return {
    right: (outcome % shifts) - shift,
    down: (Math.floor(outcome / shifts) % shifts) - shift,
    flipped: outcome >= shifts * shifts,
  };
}
