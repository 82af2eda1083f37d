import kernel from '../../shaders/norm/runningStatistics.wgsl';
import type { State } from '../gpu/state.ts';
import type { Tensor } from './graph.ts';
import { applyAll, expectShape, expectState, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

/** A BatchNorm layer's running statistics in a flat state, and how a batch enters them. */
export interface RunningStatistics {
  readonly state: State;
  /** Where the mean, the variance and the count of batches begin; the count is the bits of an unsigned integer. */
  readonly meanAt: number;
  readonly varianceAt: number;
  readonly countAt: number;
  /** Weight of the newest batch; null for that of all so far, 1/count. */
  readonly momentum: number | null;
}

const runningStatisticsOp: Op = {
  name: 'runningStatistics',
  writes: ({ into }) => [into.state],
  lower: ({ inputs: [mean, variance], attributes }, to) => {
    const { state, meanAt, varianceAt, countAt, momentum }: RunningStatistics = attributes.into;
    const count: number = attributes.count;
    const channels = mean!.shape[0]!;
    const cumulative = momentum === null;
    const params = { momentum: momentum ?? 0, unbiased: count / (count - 1), meanAt, varianceAt, countAt };
    const operands = { mean: mean!, variance: variance!, statistics: state };
    const update = (knobs: Record<string, boolean>, of: number): void =>
      to.dispatch(
        { source: kernel, knobs, params: { ...params, channels: of }, grid: linearGrid(of) },
        operands,
      );
    update({ CUMULATIVE: cumulative, COUNT: !cumulative }, channels);
    if (cumulative) update({ CUMULATIVE: false, COUNT: true }, 0);
  },
};

/**
 * Takes a batch's mean and biased variance, of `count` > 1 elements a channel, into running ones as torch's BatchNorm
 * does: the variance unbiased, n/(n − 1) of it.
 * @throws if the state has not room for the channels, or a channel is of one element
 */
export function updateRunningStatistics(
  into: RunningStatistics,
  mean: Tensor,
  variance: Tensor,
  count: number,
): void {
  const { state, meanAt, varianceAt, countAt } = into;
  const channels = mean.shape[0] ?? 0;
  expectShape('runningStatistics', 'the mean', mean.shape, [channels]);
  expectShape('runningStatistics', 'the variance', variance.shape, [channels]);
  expectState('runningStatistics', 'the state', state, { dtype: 'f32', shape: ['any'] });
  if (Math.max(meanAt + channels, varianceAt + channels, countAt + 1) > state.elements || !(count > 1)) {
    throw new Error(
      `runningStatistics: ${channels} channels of ${count} elements at ${meanAt}, ${varianceAt} and ${countAt} of ` +
        `${state.label} [${state.elements}], expected room for them, and two elements or more`,
    );
  }
  applyAll(runningStatisticsOp, [mean, variance], { into, count }, []);
}
