import recordKernel from '../../../shaders/training/record.wgsl';
import { ALIGNMENT, type State } from '../../gpu/state.ts';
import { flatLayout, pack } from '../flat.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, expectCounters, expectShape, expectState, type Op } from '../op.ts';
import { joinRows } from '../perExample/joinRows.ts';
import { advance } from './advance.ts';

/** Where the readings of a run's steps go. */
export interface Recorder {
  /** Step, epoch and offset: [3] u32. */
  readonly counters: State;
  /** The loss, then the statistics of the step, then its vectors' elements, [slots, their number]; slot = step mod slots. */
  readonly ring: State;
  /** N of the data set that the cursor runs through. */
  readonly examples: number;
}

const recordOp: Op = {
  name: 'record',
  reads: ({ recorder, advances }) => (advances ? [] : [recorder.counters]),
  writes: ({ recorder, advances }) => (advances ? [recorder.ring, recorder.counters] : [recorder.ring]),
  lower: ({ inputs: [losses, ...others], attributes: { recorder, advances, count, elements } }, to) => {
    const { counters, ring, examples }: Recorder = recorder;
    const statistics = count > 0 ? others[0]! : undefined;
    const vectors = elements > 0 ? others.at(-1)! : undefined;
    const [slots, width] = ring.shape as [number, number];
    to.dispatch(
      {
        source: recordKernel,
        knobs: { ADVANCE: advances, MEASURES: count + elements > 0 },
        params: {
          batch: losses!.shape[0]!,
          count,
          elements,
          stride: width,
          spacing: ALIGNMENT,
          slots,
          examples,
        },
        grid: [1, 1],
      },
      {
        losses: losses!,
        ring,
        counters,
        ...(statistics ? { statistics } : {}),
        ...(vectors ? { vectors } : {}),
      },
    );
  },
};

/**
 * Ends a step: the mean loss and the step's numbers go to the ring, the counters advance.
 * @param losses [B]
 * @param statistics scalars, then what has several numbers, [n] each. As many as the ring has room for or fewer: what is behind
 *   them in the row is an earlier step's
 * @throws if the losses are no vector, a scalar comes after a vector, or the ring has no room for so many numbers
 */
export function record(recorder: Recorder, losses: Tensor, statistics: readonly Tensor[]): void {
  const { ring, counters, examples } = recorder;
  expectCounters('record', counters);
  expectState('record', 'the ring', ring, { dtype: 'f32', shape: ['any', 'any'] });
  expectShape('record', 'the losses', losses.shape, [size(losses.shape)]);
  const width = ring.shape[1]!;
  const scalars = statistics.filter(({ shape }) => shape.length === 0);
  const vectors = statistics.slice(scalars.length);
  for (const vector of vectors) expectShape('record', 'a vector', vector.shape, [size(vector.shape)]);
  const elements = vectors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  if (scalars.length + elements > width - 1) {
    throw new Error(`record: ${scalars.length + elements} statistics, the ring has room for ${width - 1}`);
  }
  const layout = flatLayout(scalars.map((_, i) => ({ name: `statistic ${i}`, shape: [] })));
  // Counters that the replicas share advance once, not in a kernel that every replica runs.
  const advances = counters.replicated || !ring.replicated;
  const inputs = [
    losses,
    ...(scalars.length > 0 ? [pack(layout, scalars)] : []),
    ...(vectors.length > 0 ? [joinRows(vectors, 1)] : []),
  ];
  applyAll(recordOp, inputs, { recorder, advances, count: scalars.length, elements }, []);
  if (!advances) advance(losses.node.graph, counters, losses.shape[0]!, examples);
}
