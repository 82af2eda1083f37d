import kernel from '../../shaders/sequence/where.wgsl';
import { requireSameShape } from './elementwise.ts';
import { fill } from './fill.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const zeros = ({ node, shape }: Tensor): Tensor => fill(node.graph, 0, shape);

const whereOp = defineOp({
  name: 'where',
  takes: ['any', 'f32', 'f32'],
  vjp: ({ inputs: [mask] }, [d]) =>
    d ? [null, where(mask!, d, zeros(d)), where(mask!, zeros(d), d)] : [null, null, null],
  jvp: ({ inputs: [mask] }, [, dx, dy]) => {
    const moved = dx ?? dy;
    return [moved ? where(mask!, dx ?? zeros(moved), dy ?? zeros(moved)) : null];
  },
  lower: ({ inputs: [mask, x, y], outputs: [z] }, to) => {
    const elements = size(z!.shape);
    to.dispatch(
      {
        source: kernel,
        knobs: { FLOAT: mask!.dtype === 'f32' },
        params: { elements },
        grid: linearGrid(elements),
      },
      { mask: mask!, x: x!, y: y!, z: z! },
    );
  },
});

/**
 * x where the mask is not zero, y elsewhere: of one shape, the mask of integers or floats. What is not chosen does not count, a NaN
 * neither. The mask has no gradient.
 * @throws if the shapes differ
 */
export function where(mask: Tensor, x: Tensor, y: Tensor): Tensor {
  requireSameShape('where', mask, x);
  requireSameShape('where', x, y);
  return apply(whereOp, [mask, x, y], {}, { shape: x.shape });
}
