import advanceKernel from '../../shaders/training/advance.wgsl';
import recordKernel from '../../shaders/training/record.wgsl';
import { ALIGNMENT, type State } from '../gpu/state.ts';
import { flatLayout, pack } from './flat.ts';
import type { Tensor } from './graph.ts';
import { applyAll, type Op } from './op.ts';

/** Where the readings of a run's steps go. */
export interface Recorder {
  /** Step, epoch and offset: [3] u32. */
  readonly counters: State;
  /** [slots, 1 + statistics]: the loss, then the statistics of the step; slot = step mod slots. */
  readonly ring: State;
  /** N of the data set that the cursor runs through. */
  readonly examples: number;
}

const recordOp: Op = {
  name: 'record',
  writes: ({ recorder }) => [recorder.ring, recorder.counters],
  lower: ({ inputs: [losses, statistics], attributes }, to) => {
    const { counters, ring, examples }: Recorder = attributes.recorder;
    const [slots, width] = ring.shape as [number, number];
    const batch = losses!.shape[0]!;
    const advance = counters.replicated || !ring.replicated;
    to.dispatch(
      {
        source: recordKernel,
        knobs: { ADVANCE: advance },
        params: {
          batch,
          count: statistics ? width - 1 : 0,
          stride: width,
          spacing: ALIGNMENT,
          slots,
          examples,
        },
        grid: [1, 1],
      },
      { losses: losses!, ring, counters, ...(statistics ? { statistics } : {}) },
    );
    if (!advance)
      to.dispatch({ source: advanceKernel, params: { batch, examples }, grid: [1, 1] }, { counters });
  },
};

/**
 * Ends a step: the mean loss and the step's scalars go to the ring, the counters advance.
 * @param statistics scalars; all of the ring's, or none in a step that does not measure
 */
export function record(recorder: Recorder, losses: Tensor, statistics: readonly Tensor[]): void {
  const width = recorder.ring.shape[1]!;
  if (statistics.length !== 0 && statistics.length !== width - 1) {
    throw new Error(`record: ${statistics.length} statistics, the ring holds ${width - 1}`);
  }
  const layout = flatLayout(statistics.map((_, i) => ({ name: `statistic ${i}`, shape: [] })));
  applyAll(recordOp, statistics.length ? [losses, pack(layout, statistics)] : [losses], { recorder }, []);
}
