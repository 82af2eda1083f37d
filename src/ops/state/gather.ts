import kernel from '../../../shaders/training/gather.wgsl';
import type { State } from '../../gpu/state.ts';
import { showShape } from '../../host/showShape.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { elementsPerThread, narrowWorkgroup } from '../plans/linearGrid.ts';

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
  takes: ['u32'],
  reads: ({ from: { data, targets } }) => [data, targets],
  lower: ({ inputs: [indices], outputs: [x, y], attributes }, to) => {
    const { data, bytes, exampleShape, targets, examples }: Examples = attributes.from;
    const batch = indices!.shape[0]!;
    const features = size(exampleShape);
    const [rowWords, targetWidth] = [data.shape[1]!, targets.shape[1]!];
    const PER_THREAD = elementsPerThread(to.target);
    const WIDTH = narrowWorkgroup(Math.ceil(rowWords / PER_THREAD), to.target.kind);
    const segments = Math.ceil(rowWords / (WIDTH * PER_THREAD));
    to.dispatch(
      {
        source: kernel,
        knobs: { BYTES: bytes, PER_THREAD, WIDTH },
        params: { batch, examples, features, rowWords, segments, targetWidth },
        grid: [batch * segments, 1],
      },
      { data, targets, indices: indices!, x: x!, y: y! },
    );
  },
};

/**
 * Inputs [B, …] and targets ([B] u32 labels, or [B, width] f32) of the examples at `indices` [B]. An index that is no
 * example's gives NaN, and 2³² − 1 for its label.
 * @throws if the rows of data are not those of the examples, or there are fewer rows than examples
 */
export function gather(from: Examples, indices: Tensor): readonly [x: Tensor, targets: Tensor] {
  const { data, bytes, exampleShape, targets, examples } = from;
  if (indices.shape.length !== 1) {
    throw new Error(`gather: indices of shape ${showShape(indices.shape)}, expected [B]`);
  }
  const features = size(exampleShape);
  const words = bytes ? Math.ceil(features / 4) : features;
  if (data.shape.length !== 2 || data.shape[1] !== words || data.shape[0]! < examples) {
    throw new Error(
      `gather: ${data.label} is ${showShape(data.shape)}, expected ${showShape([examples, words])} for ${examples} ` +
        `examples ${showShape(exampleShape)}`,
    );
  }
  const [rows, width] = targets.shape;
  if (targets.shape.length !== 2 || rows! < examples || (targets.dtype === 'u32' && width !== 1)) {
    throw new Error(
      `gather: ${targets.label} is ${targets.dtype} ${showShape(targets.shape)}, expected u32 [${examples}, 1] or ` +
        `f32 [${examples}, width]`,
    );
  }
  const batch = indices.shape[0]!;
  const { dtype } = targets;
  return applyAll(gatherOp, [indices], { from }, [
    { shape: [batch, ...exampleShape] },
    { shape: dtype === 'u32' ? [batch] : [batch, width!], dtype },
  ]) as unknown as readonly [Tensor, Tensor];
}
