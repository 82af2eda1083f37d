import kernel from '../../shaders/sequence/permute.wgsl';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';
import { requireTensor } from './requireTensor.ts';
import { reshape } from './reshape.ts';

/** Axes that the kernel tells apart. */
const MOST_AXES = 4;

const permuteOp = defineOp({
  name: 'permute',
  takes: ['any'],
  vjp: ({ attributes: { order } }, [d]) => [d ? permute(d, inverse(order)) : null],
  jvp: ({ attributes: { order } }, [dx]) => [dx ? permute(dx, order) : null],
  lower: ({ inputs: [x], outputs: [y], attributes: { order } }, to) => {
    const strides = x!.shape.map((_, axis) => size(x!.shape.slice(axis + 1)));
    const missing = MOST_AXES - order.length;
    const [, extentB, extentC, extentD] = [...Array(missing).fill(1), ...y!.shape] as number[];
    const [strideA, strideB, strideC, strideD] = [
      ...Array(missing).fill(0),
      ...order.map((axis: number) => strides[axis]!),
    ] as number[];
    const elements = size(y!.shape);
    to.dispatch(
      {
        source: kernel,
        params: { elements, extentB, extentC, extentD, strideA, strideB, strideC, strideD } as Record<
          string,
          number
        >,
        grid: linearGrid(elements),
      },
      { x: x!, y: y! },
    );
  },
});

function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

/**
 * The axes in another order, as PyTorch's permute: axis i of the result is axis `order[i]` of x. Elements are copied, unless the
 * order leaves them where they are. Of floats or integers.
 * @throws if the order does not name every axis of x once
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  requireTensor('permute', 'operand 0', x);
  const named = Array.isArray(order) && [...order].sort((a, b) => a - b).every((axis, i) => axis === i);
  if (!named || order.length !== x.shape.length) {
    const found = Array.isArray(order) ? showShape(order) : showValue(order);
    throw new Error(`permute: order ${found} of ${showShape(x.shape)}, expected each of its axes once`);
  }
  const shape = order.map((axis) => x.shape[axis]!);
  // Axes of one element stand anywhere, and axes that stay together are one.
  const groups: number[][] = [];
  for (const axis of order) {
    if (x.shape[axis] === 1) continue;
    const last = groups.at(-1);
    const between = last && x.shape.slice(last.at(-1)! + 1, axis);
    if (between && last.at(-1)! < axis && size(between) === 1) last.push(axis);
    else groups.push([axis]);
  }
  if (groups.length <= 1) return reshape(x, shape);
  const sorted = [...groups].sort(([a], [b]) => a! - b!);
  const merged = reshape(
    x,
    sorted.map((axes) => size(axes.map((axis) => x.shape[axis]!))),
  );
  return reshape(
    permuteGroups(
      merged,
      groups.map((axes) => sorted.indexOf(axes)),
    ),
    shape,
  );
}

/** More axes than the kernel tells apart: one after the other goes to its place, which is an order of four. */
function permuteGroups(x: Tensor, order: readonly number[]): Tensor {
  if (order.length <= MOST_AXES) {
    const shape = order.map((axis) => x.shape[axis]!);
    return apply(permuteOp, [x], { order }, { shape, dtype: x.dtype });
  }
  const now = [...order].sort((a, b) => a - b);
  return order.reduce((moved, axis, place) => {
    const from = now.indexOf(axis);
    const step = now.map((_, i) => i).filter((i) => i !== from);
    step.splice(place, 0, from);
    now.splice(0, now.length, ...step.map((i) => now[i]!));
    return permute(moved, step);
  }, x);
}
