import pickKernel from '../../shaders/reduce/pick.wgsl';
import spreadKernel from '../../shaders/reduce/spread.wgsl';
import { type Axes, around, keptShape, requireAxes } from './axes.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const pickOp = defineOp({
  name: 'pick',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [x, index], attributes: { axes } }, [d]) => [
    d ? spread(d, index!, x!.shape, axes) : null,
    null,
  ],
  jvp: ({ inputs: [, index], attributes: { axes } }, [dx]) => [dx ? pick(dx, index!, axes) : null],
  lower: ({ inputs: [x, index], outputs: [y], attributes: { axes } }, to) => {
    const { outer, reduced: extent, inner } = around(x!.shape, axes);
    to.dispatch(
      { source: pickKernel, params: { outer, extent, inner }, grid: linearGrid(outer * inner) },
      { x: x!, index: index!, y: y! },
    );
  },
});

/**
 * Of each run along consecutive axes the element at a given place: x […, extents of the axes, …], index (u32) of the
 * shape without them → that shape. Linear in x.
 * @throws if the shapes do not fit.
 */
export function pick(x: Tensor, index: Tensor, axes: Axes): Tensor {
  requireAxes('pick', x, axes);
  expectShape('pick', 'the index', index.shape, keptShape(x.shape, axes));
  return apply(pickOp, [x, index], { axes }, { shape: index.shape });
}

const spreadOp = defineOp({
  name: 'spread',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [, index], attributes: { axes } }, [d]) => [d ? pick(d, index!, axes) : null, null],
  jvp: ({ inputs: [, index], outputs: [y], attributes: { axes } }, [dd]) => [
    dd ? spread(dd, index!, y!.shape, axes) : null,
  ],
  lower: ({ inputs: [d, index], outputs: [y], attributes: { axes } }, to) => {
    const { outer, reduced: extent, inner } = around(y!.shape, axes);
    to.dispatch(
      { source: spreadKernel, params: { outer, extent, inner }, grid: linearGrid(size(y!.shape)) },
      { d: d!, index: index!, y: y! },
    );
  },
});

/**
 * The transpose of `pick`: each number at its place along the axes of `shape`, zeros elsewhere.
 * @throws if the shapes do not fit.
 */
export function spread(d: Tensor, index: Tensor, shape: readonly number[], axes: Axes): Tensor {
  expectShape('spread', 'the index', index.shape, keptShape(shape, axes));
  expectShape('spread', 'the operand', d.shape, index.shape);
  return apply(spreadOp, [d, index], { axes }, { shape });
}
