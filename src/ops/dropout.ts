import kernel from '../../shaders/random/dropout.wgsl';
import type { State } from '../gpu/state.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, expectCounters, expectState } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';
import { scale } from './scale.ts';

/** What decides which elements are dropped, besides the step and the element. */
export interface DropoutMask {
  /** Second word of Threefry's key: one for each layer, so that no two draw alike. */
  readonly purpose: number;
  /** First word of the key: [1] u32, each replica its own. */
  readonly seeds: State;
  /** Step, epoch and offset: [3] u32. */
  readonly counters: State;
}

/** What an element's word must reach to be kept: p·2³². */
export function dropoutThreshold(p: number): number {
  return Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32));
}

/**
 * Linear and its own transpose, for one mask. Rules draw the mask again from the same key and counter rather than keep
 * it: that costs integers, not memory, and is the same in gradients, tangents and Hessian products.
 */
const dropoutOp = defineOp({
  name: 'dropout',
  reads: ({ mask: { seeds, counters } }) => [seeds, counters],
  vjp: ({ attributes: { p, mask } }, [d]) => [d ? dropout(d, p, mask) : null],
  jvp: ({ attributes: { p, mask } }, [dx]) => [dx ? dropout(dx, p, mask) : null],
  lower: ({ inputs: [x], outputs: [y], attributes: { p, mask } }, to) => {
    const { purpose, seeds, counters }: DropoutMask = mask;
    const elements = size(x!.shape);
    to.dispatch(
      {
        source: kernel,
        params: { elements, purpose, threshold: dropoutThreshold(p), scale: 1 / (1 - p) },
        grid: linearGrid(elements, 2),
      },
      { x: x!, seeds, counters, y: y! },
    );
  },
});

/**
 * Each element zero with probability p, else divided by 1 − p, as torch.nn.Dropout does while it trains (Srivastava et al.
 * 2014). Element e of a replica goes by its seed, the step and the mask's purpose alone: not by the replica's place
 * beside others. p = 0 changes nothing, p = 1 leaves zeros (a NaN stays one).
 * @throws if p is no number from 0 to 1.
 */
export function dropout(x: Tensor, p: number, mask: DropoutMask): Tensor {
  if (!(p >= 0 && p <= 1)) throw new Error(`dropout: p is ${p}, expected a number from 0 to 1`);
  if (p === 0) return x;
  if (p === 1) return scale(x, 0);
  expectCounters('dropout', mask.counters);
  expectState('dropout', 'the seeds', mask.seeds, { dtype: 'u32', shape: [1] });
  return apply(dropoutOp, [x], { p, mask }, { shape: x.shape });
}
