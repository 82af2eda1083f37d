import kernel from '../../../shaders/training/gather.wgsl';
import type { State } from '../../gpu/state.ts';
import { showShape } from '../../host/showShape.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { elementsPerThread, narrowWorkgroup } from '../plans/linearGrid.ts';

/** Examples that stay on the device, shared by all replicas. */
export interface Examples {
  /** [N, rowWords] words: four bytes each standing for value/255, rows padded, or one element each. */
  readonly data: State;
  /** What x holds: numbers, or class indices (u32). */
  readonly elements: 'bytes' | 'floats' | 'indices';
  readonly exampleShape: readonly number[];
  /** Labels [N, 1] u32, or [N, T] of sequences; or values [N, width] f32. */
  readonly targets: State;
  readonly examples: number;
}

/** As the kernel numbers them. */
const ELEMENTS: readonly Examples['elements'][] = ['bytes', 'floats', 'indices'];

const gatherOp: Op = {
  name: 'gather',
  takes: ['u32'],
  reads: ({ from: { data, targets } }) => [data, targets],
  lower: ({ inputs: [indices], outputs: [x, y], attributes }, to) => {
    const { data, elements, exampleShape, targets, examples }: Examples = attributes.from;
    const batch = indices!.shape[0]!;
    const features = size(exampleShape);
    const [rowWords, targetWidth] = [data.shape[1]!, targets.shape[1]!];
    const PER_THREAD = elementsPerThread(to.target);
    const WIDTH = narrowWorkgroup(Math.ceil(rowWords / PER_THREAD), to.target.kind);
    const segments = Math.ceil(rowWords / (WIDTH * PER_THREAD));
    to.dispatch(
      {
        source: kernel,
        knobs: { ELEMENTS: ELEMENTS.indexOf(elements), PER_THREAD, WIDTH },
        params: { batch, examples, features, rowWords, segments, targetWidth },
        grid: [batch * segments, 1],
      },
      { data, targets, indices: indices!, x: x!, y: y! },
    );
  },
};

/**
 * Inputs [B, …] (u32 where they are class indices) and targets ([B] u32 labels, [B, T] of sequences, or [B, width] f32) of the
 * examples at `indices` [B]. An index that is no example's gives NaN, and 2³² − 1 for what is u32.
 * @throws if the rows of data are not those of the examples, or there are fewer rows than examples
 */
export function gather(from: Examples, indices: Tensor): readonly [x: Tensor, targets: Tensor] {
  const { data, elements, exampleShape, targets, examples } = from;
  if (indices.shape.length !== 1) {
    throw new Error(`gather: indices of shape ${showShape(indices.shape)}, expected [B]`);
  }
  const features = size(exampleShape);
  const words = elements === 'bytes' ? Math.ceil(features / 4) : features;
  if (data.shape.length !== 2 || data.shape[1] !== words || data.shape[0]! < examples) {
    throw new Error(
      `gather: ${data.label} is ${showShape(data.shape)}, expected ${showShape([examples, words])} for ${examples} ` +
        `examples ${showShape(exampleShape)}`,
    );
  }
  const [rows, width] = targets.shape;
  if (targets.shape.length !== 2 || rows! < examples) {
    throw new Error(
      `gather: ${targets.label} is ${targets.dtype} ${showShape(targets.shape)}, expected u32 [${examples}, 1 or T] or ` +
        `f32 [${examples}, width]`,
    );
  }
  const batch = indices.shape[0]!;
  const { dtype } = targets;
  return applyAll(gatherOp, [indices], { from }, [
    { shape: [batch, ...exampleShape], dtype: elements === 'indices' ? 'u32' : 'f32' },
    { shape: dtype === 'u32' && width === 1 ? [batch] : [batch, width!], dtype },
  ]) as unknown as readonly [Tensor, Tensor];
}
