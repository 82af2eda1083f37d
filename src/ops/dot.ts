import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { broadcast } from './broadcast.ts';
import { sameShape, size, type Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { apply, defineOp } from './op.ts';
import { requireTensors } from './requireTensor.ts';
import { lowerSum } from './sum.ts';

const dotOp = defineOp({
  name: 'dot',
  vjp: ({ inputs: [x, y] }, [d]) => {
    if (!d) return [null, null];
    const all = broadcast(d, x!.shape, { from: 0, to: x!.shape.length });
    return [multiply(all, y!), multiply(all, x!)];
  },
  jvp: ({ inputs: [x, y] }, [dx, dy]) => [addPresent(dx ? dot(dx, y!) : null, dy ? dot(x!, dy) : null)],
  lower: ({ inputs: [x, y], outputs }, to) => {
    lowerSum(to, { outer: 1, reduced: size(x!.shape), inner: 1 }, x!, y!, outputs[0]!);
  },
});

/** Σ xᵢyᵢ, a scalar; blocked summation in a fixed order. */
export function dot(x: Tensor, y: Tensor): Tensor {
  requireTensors('dot', [x, y]);
  if (!sameShape(x.shape, y.shape))
    throw new Error(`dot: ${showShape(x.shape)} and ${showShape(y.shape)} differ`);
  return apply(dotOp, [x, y], {}, { shape: [] });
}

/** ‖x‖². */
export function normSq(x: Tensor): Tensor {
  return dot(x, x);
}
