import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { requireAxis } from './axes.ts';
import { fill } from './fill.ts';
import { sameShape, size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { lowerJoin } from './perExample/joinRows.ts';
import { requireTensors } from './requireTensor.ts';
import { slice } from './slice.ts';

const concatenateOp = defineOp({
  name: 'concatenate',
  vjp: ({ inputs, attributes: { axis } }, [d]) => {
    let start = 0;
    return inputs.map(({ shape }) => {
      start += shape[axis]!;
      return d ? slice(d, axis, start - shape[axis]!, start) : null;
    });
  },
  jvp: ({ inputs, attributes: { axis } }, tangents) => [
    concatenate(
      tangents.map((tangent, i) => tangent ?? fill(inputs[i]!.node.graph, 0, inputs[i]!.shape)),
      axis,
    ),
  ],
  lower: ({ inputs, outputs: [y], attributes: { axis } }, to) => {
    const groups = size(y!.shape.slice(0, axis));
    const width = size(y!.shape.slice(axis + 1));
    lowerJoin(to, inputs, y!, { groups, width, strides: [width, 1] });
  },
});

/**
 * Tensors one after the other along an axis, equal but for it.
 * @throws if there is none, the axis is not theirs, or other extents differ
 */
export function concatenate(parts: readonly Tensor[], axis: number): Tensor {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new Error(`concatenate: ${showValue(parts)}, expected a list of tensors`);
  }
  requireTensors('concatenate', parts);
  const [{ shape: first }] = parts as [Tensor];
  requireAxis('concatenate', parts[0]!, axis);
  const before = first.slice(0, axis);
  const behind = first.slice(axis + 1);
  for (const { shape } of parts) {
    const fits = sameShape(shape.slice(0, axis), before) && sameShape(shape.slice(axis + 1), behind);
    if (fits && shape.length === first.length) continue;
    throw new Error(
      `concatenate: ${showShape(shape)} and ${showShape(first)} along axis ${axis}: others differ too`,
    );
  }
  if (parts.length === 1) return parts[0]!;
  const extent = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return apply(concatenateOp, parts, { axis }, { shape: [...before, extent, ...behind] });
}
