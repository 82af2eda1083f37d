import kernel from '../../shaders/loss/correct.wgsl';
import type { Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { requireLogits } from './softmaxCrossEntropy.ts';

const correctOp: Op = {
  name: 'correct',
  takes: ['f32', 'u32'],
  lower: ({ inputs: [z, labels], outputs: [y] }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    to.dispatch(
      { source: kernel, params: { rows, classes }, grid: rowGrid(rows) },
      { z: z!, labels: labels!, y: y! },
    );
  },
};

/**
 * 1 for each example whose largest logit (as `argmax` finds it) is its label's, else 0. z [N, C], labels [N] → [N].
 * @throws if the shapes do not fit
 */
export function correct(z: Tensor, labels: Tensor): Tensor {
  requireLogits('correct', z, labels);
  return apply(correctOp, [z, labels], {}, { shape: [z.shape[0]!] });
}
