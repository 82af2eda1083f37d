import type { Gpu } from '../gpu/device.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import type { Examples } from '../ops/state/gather.ts';
import type { ResidentExamples } from './uploadExamples.ts';

/** Examples that lie one after the other, before and after. */
interface Stretch {
  readonly from: number;
  readonly at: number;
  rows: number;
}

/** The most copies of one submit. */
const MOST = 2 ** 14;

/**
 * The examples at some indices, in their order, in device memory of their own: copied there, whatever the host has. `dispose` frees
 * them.
 * @throws LimitError if they pass the adapter's largest storage binding
 */
export function arrangeExamples(gpu: Gpu, from: Examples, indices: readonly number[]): ResidentExamples {
  const stretches = stretchesOf(indices);
  return Scope.makeNow((scope) => {
    const copy = (state: State): State => {
      const { label, dtype } = state;
      const width = state.shape[1]!;
      const made = scope.own(new State(gpu, { label, shape: [indices.length, width], dtype }));
      for (let first = 0; first < stretches.length; first += MOST) {
        const encoder = gpu.device.createCommandEncoder({ label: `arrange ${label}` });
        for (const { from: row, at, rows } of stretches.slice(first, first + MOST)) {
          const [source, target, bytes] = [row, at, rows].map((count) => 4 * width * count);
          encoder.copyBufferToBuffer(state.buffer, source!, made.buffer, target!, bytes!);
        }
        gpu.device.queue.submit([encoder.finish()]);
      }
      made.wrote();
      return made;
    };
    return {
      ...from,
      data: copy(from.data),
      targets: copy(from.targets),
      examples: indices.length,
      dispose: () => scope.dispose(),
      [Symbol.dispose]: () => scope.dispose(),
    };
  });
}

function stretchesOf(indices: readonly number[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  indices.forEach((n, at) => {
    const last = stretches.at(-1);
    if (last && last.from + last.rows === n) last.rows++;
    else stretches.push({ from: n, at, rows: 1 });
  });
  return stretches;
}
