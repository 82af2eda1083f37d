import kernel from '../../shaders/random/restart.wgsl';
import { showShape } from '../host/showShape.ts';
import { type Graph, sameShape, size, type Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';
import { type RandomStream, requireStream, statesOf } from './randomSigns.ts';

/** How much of a vector must be left, by its squared norm: 10⁻⁶ of the norm is rounding. */
export const LEAST_SHARE = 1e-12;

const restartOp: Op = {
  name: 'restart',
  reads: ({ stream }) => statesOf(stream),
  lower: ({ inputs: [x, before, after], outputs: [y], attributes: { stream, always } }, to) => {
    const { purpose, seeds, counters, mask }: RandomStream = stream;
    const elements = y!.shape[0]!;
    to.dispatch(
      {
        source: kernel,
        knobs: { ALWAYS: always },
        params: { elements, purpose, share: LEAST_SHARE },
        grid: linearGrid(elements, 2),
      },
      { ...(always ? {} : { x: x!, before: before!, after: after! }), seeds, counters, mask: mask!, y: y! },
    );
  },
};

/** A vector that is random, and its mask zeros where the vector must be. */
export type MaskedStream = RandomStream & Required<Pick<RandomStream, 'mask'>>;

/** Numbers uniform in [−1, 1), times the stream's mask, of its shape: by the stream's seed, purpose and step alone. */
export function randomVector(graph: Graph, stream: MaskedStream): Tensor {
  const { shape } = stream.mask;
  requireStream('randomVector', stream, [size(shape)]);
  return apply(restartOp, [], { graph, stream, always: true }, { shape });
}

/**
 * x [P] if its squared norm `after` other vectors were taken out of it is more than rounding of that `before`; else a random
 * vector, to go on with. Both norms are scalars.
 * @throws if a norm is no scalar, or x is not of the mask's shape
 */
export function keepOrRestart(x: Tensor, before: Tensor, after: Tensor, stream: MaskedStream): Tensor {
  for (const norm of [before, after]) {
    if (!sameShape(norm.shape, [])) {
      throw new Error(`keepOrRestart: a norm has shape ${showShape(norm.shape)}, expected a scalar`);
    }
  }
  requireStream('keepOrRestart', stream, x.shape);
  return apply(restartOp, [x, before, after], { stream, always: false }, { shape: x.shape });
}
