import kernel from '../../shaders/training/gather.wgsl';
import type { State } from '../gpu/state.ts';
import { size, type Tensor } from './graph.ts';
import { applyAll, type Op } from './op.ts';
import { elementsPerThread, LINEAR_WORKGROUP } from './plans/linearGrid.ts';

/** Examples that stay on the device, shared by all replicas. */
export interface Examples {
  /** [N, rowWords] words: four bytes each standing for value/255, rows padded, or float32. */
  readonly data: State;
  readonly bytes: boolean;
  readonly exampleShape: readonly number[];
  /** Labels [N, 1] u32, or values [N, width] f32. */
  readonly targets: State;
  readonly examples: number;
}

const gatherOp: Op = {
  name: 'gather',
  lower: ({ inputs: [indices], outputs: [x, y], attributes }, to) => {
    const { data, bytes, exampleShape, targets }: Examples = attributes.from;
    const batch = indices!.shape[0]!;
    const features = size(exampleShape);
    const [rowWords, targetWidth] = [data.shape[1]!, targets.shape[1]!];
    const PER_THREAD = elementsPerThread(to.target);
    const segments = Math.ceil(rowWords / (LINEAR_WORKGROUP * PER_THREAD));
    to.dispatch(
      {
        source: kernel,
        knobs: { BYTES: bytes, PER_THREAD },
        params: { batch, features, rowWords, segments, targetWidth },
        grid: [batch * segments, 1],
      },
      { data, targets, indices: indices!, x: x!, y: y! },
    );
  },
};

/** Inputs [B, …] and targets ([B] u32 labels, or [B, width] f32) of the examples at `indices` [B]. */
export function gather(from: Examples, indices: Tensor): readonly [x: Tensor, targets: Tensor] {
  const batch = indices.shape[0]!;
  const { dtype, shape } = from.targets;
  return applyAll(gatherOp, [indices], { from }, [
    { shape: [batch, ...from.exampleShape] },
    { shape: dtype === 'u32' ? [batch] : [batch, shape[1]!], dtype },
  ]) as unknown as readonly [Tensor, Tensor];
}
