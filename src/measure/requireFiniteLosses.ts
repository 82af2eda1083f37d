import { InputError } from '../host/inputError.ts';
import type { Point } from './pass.ts';

/**
 * Refuses losses that are no finite numbers: nothing that is measured of them would be.
 * @param losses of the point's examples, in its order
 * @throws InputError naming the first such example, by its place in the data as they were given; or the step at which the run diverged
 */
export function requireFiniteLosses({ source, diverged }: Point, losses: Float32Array): void {
  const given = source?.drawn ? inGivenOrder(losses, source.drawn.order) : losses;
  const bad = given.findIndex((loss) => !Number.isFinite(loss));
  if (bad < 0) return;
  if (diverged) {
    const reason = `diverged at step ${diverged.step}: ${diverged.reason}, so that nothing can be measured of it`;
    throw new InputError('run', 'replica', reason);
  }
  throw new InputError(
    source?.name ?? 'data',
    `example ${bad}`,
    `its loss is ${given[bad]}, expected a finite number`,
  );
}

/** Values of examples that were taken in an order, as the data have them. */
export function inGivenOrder(values: Float32Array, order: readonly number[]): Float32Array {
  const back = new Float32Array(values.length);
  order.forEach((n, i) => {
    back[n] = values[i]!;
  });
  return back;
}
