import kernel from '../../shaders/flat/signStep.wgsl';
import { size, type Tensor } from './graph.ts';
import { apply, expectShape, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const signStepOp: Op = {
  name: 'signStep',
  lower: ({ inputs: [x, g, r], outputs: [y], attributes: { share } }, to) => {
    const elements = size(y!.shape);
    to.dispatch(
      { source: kernel, params: { elements, share }, grid: linearGrid(elements) },
      { x: x!, g: g!, r: r!, y: y! },
    );
  },
};

/**
 * x + share·r⊙sign(g), each coordinate brought back into [−r, r]: a step of projected sign ascent along a gradient g in a box of radii r.
 * Where g is 0, or no number, the coordinate stays.
 * @throws if the shapes differ
 */
export function signStep(x: Tensor, g: Tensor, r: Tensor, share: number): Tensor {
  expectShape('signStep', 'the gradient', g.shape, x.shape);
  expectShape('signStep', 'the radii', r.shape, x.shape);
  return apply(signStepOp, [x, g, r], { share }, { shape: x.shape });
}
