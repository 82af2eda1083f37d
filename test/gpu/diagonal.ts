import { State } from '../../src/gpu/state.ts';
import { flatLayout } from '../../src/ops/flat.ts';
import { multiply } from '../../src/ops/multiply.ts';
import { testGpu } from './device.ts';
import { tracedOperator } from './tracedOperator.ts';

/** diag(values), over tensors of these sizes. */
export async function diagonal(
  sizes: readonly number[],
  values: readonly number[],
): ReturnType<typeof tracedOperator> {
  const gpu = await testGpu();
  const layout = flatLayout(sizes.map((extent, i) => ({ name: `${i}`, shape: [extent] })));
  const matrix = new State(gpu, { label: 'diagonal', shape: [layout.length] });
  const flat = new Float32Array(layout.length);
  let next = 0;
  for (const { offset, elements } of layout.entries) {
    for (let i = 0; i < elements; i++) flat[offset + i] = values[next++]!;
  }
  matrix.write(flat);
  return tracedOperator(layout, matrix, multiply);
}
