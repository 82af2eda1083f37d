import averageKernel from '../../shaders/training/average.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph } from '../ops/graph.ts';
import { applyAll, expectCounters, expectState, type Op } from '../ops/op.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';
import type { CaptureSteps } from './captureSteps.ts';

/** Which weights are averaged, and how: all captures (SWA), with their variance (SWAG), by weights that decay, or the last ones alone (LAWA). */
export type Averaging = CaptureSteps &
  (
    | { readonly kind: 'swa' }
    | { readonly kind: 'swag' }
    | { readonly kind: 'ema'; readonly decay: number }
    | { readonly kind: 'lawa'; readonly last: number }
  );

/** An average that each capture brings up to date by itself. */
export type RunningAverage = Extract<Averaging, { readonly kind: 'swa' | 'ema' }>;

const averageOp: Op = {
  name: 'average',
  reads: ({ theta, counters }) => [theta, counters],
  writes: ({ average }) => [average],
  lower: ({ attributes }, to) => {
    const { averaging, theta, average, counters } = attributes as unknown as AverageArguments;
    const vectors = theta.elements / 4;
    const decay = averaging.kind === 'ema' ? averaging.decay : 0;
    to.dispatch(
      {
        source: averageKernel,
        knobs: { EXPONENTIAL: averaging.kind === 'ema' },
        params: { vectors, start: averaging.start, every: averaging.every, decay },
        grid: linearGrid(vectors),
      },
      { theta, average, counters },
    );
  },
};

interface AverageArguments {
  readonly averaging: RunningAverage;
  readonly theta: State;
  readonly average: State;
  /** Already advanced past the step. */
  readonly counters: State;
}

/**
 * Takes the weights into their average: SWA's running mean (Izmailov et al. 2018, algorithm 1) or an exponential one,
 * which starts as a copy. theta and average: flat [P].
 * @throws if they are not of one shape
 */
export function average(graph: Graph, args: AverageArguments): void {
  const { theta, average, counters } = args;
  expectCounters('average', counters);
  expectState('average', 'the average', average, { dtype: theta.dtype, shape: theta.shape });
  if (theta.elements % 4 !== 0)
    throw new Error(`average: ${theta.label} has ${theta.elements} elements, expected fours`);
  applyAll(averageOp, [], { graph, ...args }, []);
}
