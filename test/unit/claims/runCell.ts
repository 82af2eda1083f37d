import type { Experiment } from '../../../src/experiments/experiment.ts';
import type { ByteSource } from '../../../src/host/byteSource.ts';

/** Measures a cell that wants no device. */
export async function runCell<Cell extends object, Evidence>(
  experiment: Pick<Experiment<never, Cell, Evidence>, 'run'>,
  cell: Cell,
  host: ByteSource,
): Promise<Evidence> {
  const running = experiment.run(null as never, cell, host);
  for (;;) {
    const next = await running.next();
    if (next.done) return next.value;
  }
}
