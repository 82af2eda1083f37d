import fillKernel from '../../shaders/structure/fill.wgsl';
import { type Graph, size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const fillOp = defineOp({
  name: 'fill',
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs, attributes }, to) => {
    const elements = size(outputs[0]!.shape);
    to.dispatch(
      { source: fillKernel, params: { elements, value: attributes.value }, grid: linearGrid(elements) },
      { y: outputs[0]! },
    );
  },
});

/** A constant tensor; ops fold it where they can, so that mostly none is made in memory. */
export function fill(graph: Graph, value: number, shape: readonly number[]): Tensor {
  return apply(fillOp, [], { graph, value }, { shape, replicated: false });
}

/** The constant that every element of a tensor has, if that is known when tracing. */
export function constantOf(tensor: Tensor): number | null {
  return tensor.node.op === fillOp ? (tensor.node.attributes.value as number) : null;
}
