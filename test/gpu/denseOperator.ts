import { State } from '../../src/gpu/state.ts';
import { dots } from '../../src/ops/dots.ts';
import { flatLayout } from '../../src/ops/flat.ts';
import { testGpu } from './device.ts';
import { tracedOperator } from './tracedOperator.ts';

/** A symmetric matrix, given by its rows. */
export async function denseOperator(matrix: readonly ArrayLike<number>[]): ReturnType<typeof tracedOperator> {
  const gpu = await testGpu();
  const layout = flatLayout([{ name: '0', shape: [matrix.length] }]);
  const { length } = layout;
  const rows = new State(gpu, { label: 'matrix', shape: [length, length] });
  const flat = new Float32Array(length * length);
  matrix.forEach((row, i) => {
    flat.set(row, i * length);
  });
  rows.write(flat);
  return tracedOperator(layout, rows, dots);
}
