import recordKernel from '../../../shaders/training/record.wgsl';
import { ALIGNMENT, type State } from '../../gpu/state.ts';
import { flatLayout, pack } from '../flat.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, expectCounters, expectShape, expectState, type Op } from '../op.ts';
import { advance } from './advance.ts';

/** Where the readings of a run's steps go. */
export interface Recorder {
  /** Step, epoch and offset: [3] u32. */
  readonly counters: State;
  /** The loss, then the statistics of the step, [slots, 1 + statistics]; slot = step mod slots. */
  readonly ring: State;
  /** N of the data set that the cursor runs through. */
  readonly examples: number;
}

const recordOp: Op = {
  name: 'record',
  reads: ({ recorder, advances }) => (advances ? [] : [recorder.counters]),
  writes: ({ recorder, advances }) => (advances ? [recorder.ring, recorder.counters] : [recorder.ring]),
  lower: ({ inputs: [losses, statistics], attributes: { recorder, advances, count } }, to) => {
    const { counters, ring, examples }: Recorder = recorder;
    const [slots, width] = ring.shape as [number, number];
    to.dispatch(
      {
        source: recordKernel,
        knobs: { ADVANCE: advances },
        params: {
          batch: losses!.shape[0]!,
          count,
          stride: width,
          spacing: ALIGNMENT,
          slots,
          examples,
        },
        grid: [1, 1],
      },
      { losses: losses!, ring, counters, ...(statistics ? { statistics } : {}) },
    );
  },
};

/**
 * Ends a step: the mean loss and the step's scalars go to the ring, the counters advance.
 * @param losses [B]
 * @param statistics scalars, as many as the ring has room for or fewer: what is behind them in the row is an earlier step's
 * @throws if the losses are no vector, or the ring has no room for so many statistics
 */
export function record(recorder: Recorder, losses: Tensor, statistics: readonly Tensor[]): void {
  const { ring, counters, examples } = recorder;
  expectCounters('record', counters);
  expectState('record', 'the ring', ring, { dtype: 'f32', shape: ['any', 'any'] });
  expectShape('record', 'the losses', losses.shape, [size(losses.shape)]);
  const width = ring.shape[1]!;
  if (statistics.length > width - 1) {
    throw new Error(`record: ${statistics.length} statistics, the ring has room for ${width - 1}`);
  }
  const layout = flatLayout(statistics.map((_, i) => ({ name: `statistic ${i}`, shape: [] })));
  // Counters that the replicas share advance once, not in a kernel that every replica runs.
  const advances = counters.replicated || !ring.replicated;
  const inputs = statistics.length ? [losses, pack(layout, statistics)] : [losses];
  applyAll(recordOp, inputs, { recorder, advances, count: statistics.length }, []);
  if (!advances) advance(losses.node.graph, counters, losses.shape[0]!, examples);
}
