import broadcastKernel from '../../shaders/structure/broadcast.wgsl';
import { type Axes, around, keptShape, requireAxes } from './axes.ts';
import { constantOf, fill } from './fill.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { rowGradients } from './perExample/rowGradients.ts';
import { rowsOfExample } from './perExample/rowsOfExample.ts';
import { linearGrid } from './plans/linearGrid.ts';
import { reshape } from './reshape.ts';
import { collapse, sum } from './sum.ts';

const broadcastOp = defineOp({
  name: 'broadcast',
  vjp: ({ attributes }, [d]) => [d ? sum(d, attributes.axes) : null],
  jvp: ({ outputs, attributes }, [dx]) => [dx ? broadcast(dx, outputs[0]!.shape, attributes.axes) : null],
  // One for all examples, as learned positions are: an example's gradient is its own cotangent, summed over its rows.
  perExample: ({ inputs: [x], attributes: { axes } }, delta, examples) => {
    if (axes.from > 0 || axes.to === 0) return [null];
    const rows = rowsOfExample('broadcast', around(delta.shape, axes).reduced, examples);
    const elements = size(x!.shape);
    return [rowGradients(collapse(reshape(delta, [examples, rows, elements]), 1), x!.shape)];
  },
  lower: ({ inputs, outputs, attributes }, to) => {
    const { shape } = outputs[0]!;
    const { reduced, inner } = around(shape, attributes.axes);
    const elements = size(shape);
    to.dispatch(
      { source: broadcastKernel, params: { elements, repeated: reduced, inner }, grid: linearGrid(elements) },
      { x: inputs[0]!, y: outputs[0]! },
    );
  },
});

/**
 * Repeats x along `axes` of `shape`: the transpose of `sum` over them. Per example, with x repeated for each: ∂ℓₙ/∂x = δₙ.
 * @throws if x has not the shape without the axes
 */
export function broadcast(x: Tensor, shape: readonly number[], axes: Axes): Tensor {
  requireAxes('broadcast', { shape }, axes);
  expectShape('broadcast', 'the operand', x.shape, keptShape(shape, axes));
  const constant = constantOf(x);
  if (constant !== null) return fill(x.node.graph, constant, shape);
  return apply(broadcastOp, [x], { axes }, { shape });
}

/** […] → [N, …]: the same row for each of N examples, as a bias is. */
export function broadcastRows(x: Tensor, rows: number): Tensor {
  return broadcast(x, [rows, ...x.shape], { from: 0, to: 1 });
}

/** [N] → [N, …]: each example's number over its whole row. */
export function broadcastWithin(x: Tensor, shape: readonly number[]): Tensor {
  return broadcast(x, shape, { from: 1, to: shape.length });
}
