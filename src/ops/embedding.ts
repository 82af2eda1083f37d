import forwardKernel from '../../shaders/sequence/embedding.wgsl';
import { showShape } from '../host/showShape.ts';
import { lowerBlocks } from './embeddingBlocks.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, expectShape, type Operand } from './op.ts';
import { lookups } from './perExample/lookups.ts';
import { embeddingBlock } from './plans/embeddingPlan.ts';
import { linearGrid } from './plans/linearGrid.ts';
import { requireTensors } from './requireTensor.ts';
import { lowerSum } from './sum.ts';

const embeddingOp = defineOp({
  name: 'embedding',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [table, index] }, [d]) => [d ? embeddingGradient(d, index!, table!.shape[0]!) : null, null],
  jvp: ({ inputs: [, index] }, [dTable]) => [dTable ? embedding(dTable, index!) : null],
  perExample: ({ inputs: [table, index] }, delta, examples) => [
    lookups(index!, delta, { examples, entries: table!.shape[0]! }),
    null,
  ],
  lower: ({ inputs: [table, index], outputs: [y] }, to) => {
    const [entries, width] = table!.shape as [number, number];
    const elements = size(y!.shape);
    to.dispatch(
      { source: forwardKernel, params: { elements, entries, width }, grid: linearGrid(elements) },
      { table: table!, index: index!, y: y! },
    );
  },
});

/**
 * Rows of a table by their indices: table [V, D], index […] u32 → […, D]. An index past the table's end gives NaN.
 * Per example n, a sequence of indices iₙₜ: ∂ℓₙ/∂table[v] = Σ δₙₜ over the places t with iₙₜ = v.
 * @throws if the shapes do not fit
 */
export function embedding(table: Tensor, index: Tensor): Tensor {
  requireTensors('embedding', [table, index]);
  if (table.shape.length !== 2) {
    throw new Error(`embedding: a table of ${showShape(table.shape)}, expected [V, D]`);
  }
  return apply(embeddingOp, [table, index], {}, { shape: [...index.shape, table.shape[1]!] });
}

const embeddingGradientOp = defineOp({
  name: 'embeddingGradient',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [, index] }, [d]) => [d ? embedding(d, index!) : null, null],
  jvp: ({ inputs: [, index], outputs: [y] }, [dd]) => [
    dd ? embeddingGradient(dd, index!, y!.shape[0]!) : null,
  ],
  lower: ({ inputs: [d, index], outputs: [y] }, to) => {
    const [entries, width] = y!.shape as [number, number];
    const rows = size(index!.shape);
    const block = embeddingBlock({ rows, entries, width }, to.target);
    const blocks = Math.ceil(rows / block);
    const sums: Operand = blocks === 1 ? y! : to.scratch([blocks, entries, width], y!.replicated);
    lowerBlocks(to, { d: d!, index: index!, y: sums }, { entries, width, block });
    if (blocks === 1) return;
    lowerSum(to, { outer: 1, reduced: blocks, inner: entries * width }, sums, null, y!);
  },
});

/**
 * The transpose of `embedding`: the rows of d, each added to the row of the table that its index names. d […, D], index […] u32 →
 * [entries, D]. In a fixed order. An index past the table's end makes the result NaN.
 * @throws if the shapes do not fit
 */
export function embeddingGradient(d: Tensor, index: Tensor, entries: number): Tensor {
  requireTensors('embeddingGradient', [d, index]);
  const width = d.shape.at(-1) ?? 0;
  expectShape('embeddingGradient', 'the operand', d.shape, [...index.shape, width]);
  return apply(embeddingGradientOp, [d, index], {}, { shape: [entries, width] });
}
