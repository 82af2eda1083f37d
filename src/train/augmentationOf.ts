import type { z } from 'zod';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { type Augmentation, largestShift } from '../ops/state/augment.ts';
import type { augmentSchema } from './runSchemas.ts';

/** How the images of every training batch are changed at random; what is evaluated is as it is. */
export interface GivenAugmentation {
  /** s: shifted by a whole number of pixels from −s to s along either side, all alike, zeros coming in. */
  readonly shift?: number | undefined;
  /** Half of them are mirrored, left for right; false by default. */
  readonly flip?: boolean | undefined;
  /** In place of `shift`: a window of the image's size, drawn from the image with so many zeros around it: a shift by at most `padding`. */
  readonly crop?: { readonly padding: number } | undefined;
}

/**
 * What a run's augmentation comes to for its data. A random window of the padded image is the image shifted, so that `crop` is a `shift`.
 * @param file how messages name the description
 * @param exampleShape of the data before a model takes them flat
 * @throws InputError for a shift beside a crop, for neither nor a flip, for data that are no images [C, H, W], and for a shift that
 *   could move all of an image out of itself
 */
export function augmentationOf(
  file: string,
  { shift: given, flip, crop }: z.output<typeof augmentSchema>,
  exampleShape: readonly number[],
): Augmentation {
  const refuse = (item: string, reason: string): InputError => new InputError(file, item, reason);
  if (given !== undefined && crop) {
    throw refuse('augment.crop', 'given beside a shift, and is one itself: expected one of the two');
  }
  const shift = given ?? crop?.padding ?? 0;
  if (shift === 0 && !flip) throw refuse('augment', 'changes nothing, expected a shift, a crop or a flip');
  if (exampleShape.length !== 3) {
    throw refuse('augment', `takes images [C, H, W], and examples are ${showShape(exampleShape)}`);
  }
  const image = exampleShape as [number, number, number];
  const most = largestShift(image);
  if (shift > most) {
    const found = `is ${shift}, and images are ${showShape(image)}: expected at most ${most}`;
    throw refuse(crop ? 'augment.crop.padding' : 'augment.shift', found);
  }
  return { image, shift, flip };
}
