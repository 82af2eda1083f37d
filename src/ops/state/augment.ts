import kernel from '../../../shaders/training/augment.wgsl';
import type { State } from '../../gpu/state.ts';
import { showShape } from '../../host/showShape.ts';
import { size, type Tensor } from '../graph.ts';
import { apply, expectCounters, expectState, type Op } from '../op.ts';
import { elementsPerThread, LINEAR_WORKGROUP } from '../plans/linearGrid.ts';

/** How the images of a batch are changed at random. */
export interface Augmentation {
  /** [C, H, W] of an image, whatever shape a batch's examples have. */
  readonly image: readonly [channels: number, height: number, width: number];
  /** s: shifted by a whole number of pixels from −s to s along either side, all alike, zeros coming in. */
  readonly shift: number;
  /** Whether half of them are mirrored, left for right. */
  readonly flip: boolean;
}

/** By what it is drawn beside the image's position in the batch. */
export interface AugmentationStream {
  /** [1] u32 for each replica. */
  readonly seeds: State;
  /** Step, epoch and offset: [3] u32. */
  readonly counters: State;
}

/** The largest shift of which some of an image is always left, and whose ways are fewer than a word has values. */
export function largestShift([, height, width]: Augmentation['image']): number {
  return Math.min(height - 1, width - 1, 2 ** 14 - 1);
}

const augmentOp: Op = {
  name: 'augment',
  reads: ({ stream: { seeds, counters } }) => [seeds, counters],
  lower: ({ inputs: [x], outputs: [y], attributes }, to) => {
    const { image, shift, flip }: Augmentation = attributes.augmentation;
    const { seeds, counters }: AugmentationStream = attributes.stream;
    const [, height, width] = image;
    const [batch, features] = [x!.shape[0]!, size(image)];
    const PER_THREAD = elementsPerThread(to.target);
    const segments = Math.ceil(features / (LINEAR_WORKGROUP * PER_THREAD));
    const params = { batch, features, height, width, reach: shift, flips: flip ? 2 : 1, segments };
    to.dispatch(
      { source: kernel, knobs: { PER_THREAD }, params, grid: [batch * segments, 1] },
      { x: x!, seeds, counters, y: y! },
    );
  },
};

/**
 * A batch of images [B, …], each of C·H·W numbers, flipped with probability ½ where `flip` says so and then shifted. An image goes by
 * its replica's seed, the step and its position in the batch alone, not by the replica's place beside others; how often a way comes is off
 * by less than 2⁻³². It has no derivative: what it takes is data.
 * @throws if examples are no such images, or the shift is no whole number below height and width
 */
export function augment(x: Tensor, augmentation: Augmentation, stream: AugmentationStream): Tensor {
  const { image, shift } = augmentation;
  if (x.shape.length < 2 || size(x.shape.slice(1)) !== size(image)) {
    throw new Error(`augment: x is ${showShape(x.shape)}, expected a batch of images ${showShape(image)}`);
  }
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= largestShift(image))) {
    const most = largestShift(image);
    throw new Error(`augment: a shift of ${shift}, expected a whole number from 0 to ${most}`);
  }
  expectCounters('augment', stream.counters);
  expectState('augment', 'the seeds', stream.seeds, { dtype: 'u32', shape: [1] });
  return apply(augmentOp, [x], { augmentation, stream }, { shape: x.shape });
}
