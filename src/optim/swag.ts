import swagKernel from '../../shaders/training/swag.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph } from '../ops/graph.ts';
import { applyAll, expectCounters, expectState, type Op } from '../ops/op.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';
import type { CaptureSteps } from './captureSteps.ts';

/** Moments of captured weights, each flat [P]. */
export interface SwagState {
  readonly captures: CaptureSteps;
  readonly mean: State;
  /** Σ(θ − mean)² over the captures. */
  readonly squares: State;
  readonly counters: State;
}

const swagOp: Op = {
  name: 'swag',
  reads: ({ theta, into }) => [theta, into.counters],
  writes: ({ into }) => [into.mean, into.squares],
  lower: ({ attributes }, to) => {
    const theta: State = attributes.theta;
    const { captures, mean, squares, counters }: SwagState = attributes.into;
    const vectors = theta.elements / 4;
    const { start, every } = captures;
    to.dispatch(
      { source: swagKernel, params: { vectors, start, every }, grid: linearGrid(vectors) },
      { theta, mean, squares, counters },
    );
  },
};

/**
 * Takes the weights into SWAG's moments (Maddox et al. 2019): their mean, which is SWA's, and the squared deviations, whose n-th part
 * is the diagonal Σ_diag. theta: flat [P]; the counters are already advanced past the step.
 * @throws if the moments are not of theta's shape
 */
export function swag(graph: Graph, into: SwagState, theta: State): void {
  const { mean, squares, counters } = into;
  expectCounters('swag', counters);
  const flat = { dtype: 'f32', shape: [theta.elements] } as const;
  expectState('swag', 'the weights', theta, flat);
  expectState('swag', 'the mean', mean, flat);
  expectState('swag', 'the squared deviations', squares, flat);
  if (theta.elements % 4 !== 0)
    throw new Error(`swag: ${theta.label} has ${theta.elements} elements, expected fours`);
  applyAll(swagOp, [], { graph, into, theta }, []);
}
