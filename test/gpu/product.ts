import type { Gpu } from '../../src/gpu/device.ts';
import type { Dispatch, Placement } from '../../src/gpu/program.ts';
import { aligned, State } from '../../src/gpu/state.ts';
import type { MatmulCandidate } from '../../src/ops/plans/matmulPlan.ts';

/** The dispatches of one way to compute a product, and the scratch that they take. */
export function productDispatches(
  gpu: Gpu,
  { call, split }: MatmulCandidate,
  operands: Readonly<Record<string, Placement>>,
  replicas: number,
  columnSumOffset = 0,
): { dispatches: Dispatch[]; scratch: State[] } {
  const withSums = (made: typeof call, at: number) =>
    'columnSumOffset' in made.params ? { ...made, params: { ...made.params, columnSumOffset: at } } : made;
  if (!split) {
    const whole = withSums(call, columnSumOffset);
    return { dispatches: [{ label: 'product', call: whole, operands, replicas }], scratch: [] };
  }
  const { a, b, ...rest } = operands as Record<'a' | 'b' | 'c', Placement>;
  const scratch = new State(gpu, { label: 'parts', shape: [split.elements], replicas });
  const part = { buffer: scratch.buffer, offset: 0, replicaStride: aligned(split.elements) };
  return {
    dispatches: [
      { label: 'parts', call: withSums(call, split.columnSumOffset), operands: { a, b, c: part }, replicas },
      { label: 'sum', call: withSums(split.finish, columnSumOffset), operands: { part, ...rest }, replicas },
    ],
    scratch: [scratch],
  };
}
