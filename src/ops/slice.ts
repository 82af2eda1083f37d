import kernel from '../../shaders/sequence/slice.wgsl';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { around, requireAxis } from './axes.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const sliceOp = defineOp({
  name: 'slice',
  takes: ['any'],
  // Element r of one is element start + r of the other, and so the other way round.
  vjp: ({ inputs: [x], attributes: { axis, start } }, [d]) => [
    d ? windowOf(d, axis, -start, x!.shape[axis]!) : null,
  ],
  jvp: ({ outputs: [y], attributes: { axis, start } }, [dx]) => [
    dx ? windowOf(dx, axis, start, y!.shape[axis]!) : null,
  ],
  lower: ({ inputs: [x], outputs: [y], attributes: { axis, start } }, to) => {
    const along = { from: axis, to: axis + 1 };
    const { reduced: length, inner } = around(x!.shape, along);
    const elements = size(y!.shape);
    const extent = y!.shape[axis]!;
    to.dispatch(
      { source: kernel, params: { elements, extent, length, inner, start }, grid: linearGrid(elements) },
      { x: x!, y: y! },
    );
  },
});

/** The `extent` elements of an axis from `start` on, zeros where x has none. */
function windowOf(x: Tensor, axis: number, start: number, extent: number): Tensor {
  if (start === 0 && extent === x.shape[axis]) return x;
  const shape = [...x.shape.slice(0, axis), extent, ...x.shape.slice(axis + 1)];
  return apply(sliceOp, [x], { axis, start }, { shape, dtype: x.dtype });
}

/**
 * The elements of an axis from `start` up to `end`, which is excluded. Of floats or integers.
 * @throws if x has no such axis, or not so many elements along it, or the piece is empty
 */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  requireAxis('slice', x, axis);
  const whole = Number.isInteger(start) && Number.isInteger(end);
  if (!whole || start < 0 || start >= end || end > x.shape[axis]!) {
    throw new Error(
      `slice: ${showValue(start)} to ${showValue(end)} of axis ${axis} of ${showShape(x.shape)}`,
    );
  }
  return windowOf(x, axis, start, end - start);
}

/**
 * So many zeros before and after the elements of an axis: the transpose of `slice`.
 * @throws if x has no such axis, or a number is negative
 */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  requireAxis('pad', x, axis);
  for (const zeros of [before, after]) {
    if (Number.isInteger(zeros) && zeros >= 0) continue;
    throw new Error(`pad: by ${showValue(zeros)} elements, expected an integer of at least 0`);
  }
  return windowOf(x, axis, -before, before + x.shape[axis]! + after);
}
