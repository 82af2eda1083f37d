import captureKernel from '../../shaders/training/capture.wgsl';
import captureMeanKernel from '../../shaders/training/captureMean.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph } from '../ops/graph.ts';
import { applyAll, expectCounters, expectState, type Op } from '../ops/op.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';
import type { CaptureSteps } from './captureSteps.ts';

/** The last captures of a run's weights. */
export interface CaptureRing {
  readonly captures: CaptureSteps;
  /** [slots, P] */
  readonly ring: State;
  readonly counters: State;
}

const captureOp: Op = {
  name: 'capture',
  reads: ({ theta, of }) => [theta, of.counters],
  writes: ({ of }) => [of.ring],
  lower: ({ attributes }, to) => {
    const theta: State = attributes.theta;
    const { captures, ring, counters }: CaptureRing = attributes.of;
    const vectors = theta.elements / 4;
    const { start, every } = captures;
    const params = { vectors, start, every, slots: ring.shape[0]! };
    to.dispatch({ source: captureKernel, params, grid: linearGrid(vectors) }, { theta, ring, counters });
  },
};

const captureMeanOp: Op = {
  name: 'captureMean',
  reads: ({ of }) => [of.ring, of.counters],
  writes: ({ average }) => [average],
  lower: ({ attributes }, to) => {
    const average: State = attributes.average;
    const { captures, ring, counters }: CaptureRing = attributes.of;
    const vectors = average.elements / 4;
    const { start, every } = captures;
    const params = { vectors, start, every, slots: ring.shape[0]! };
    to.dispatch(
      { source: captureMeanKernel, params, grid: linearGrid(vectors) },
      { average, ring, counters },
    );
  },
};

/**
 * Takes the weights into the ring, in the place of the oldest ones. theta: flat [P]; the counters are already advanced past the step.
 * @throws if the ring's rows are not of theta's shape
 */
export function capture(graph: Graph, of: CaptureRing, theta: State): void {
  expectRows('capture', of, theta);
  applyAll(captureOp, [], { graph, of, theta }, []);
}

/**
 * LAWA's average (Kaddour 2022): the mean of the captures in the ring, into `average`, flat [P]. At a step of at least the first
 * capture's.
 * @throws if the ring's rows are not of its shape
 */
export function captureMean(graph: Graph, of: CaptureRing, average: State): void {
  expectRows('captureMean', of, average);
  applyAll(captureMeanOp, [], { graph, of, average }, []);
}

function expectRows(op: string, { ring, counters }: CaptureRing, flat: State): void {
  expectCounters(op, counters);
  expectState(op, 'the weights', flat, { dtype: 'f32', shape: [flat.elements] });
  expectState(op, 'the ring', ring, { dtype: 'f32', shape: ['any', flat.elements] });
  if (flat.elements % 4 !== 0)
    throw new Error(`${op}: ${flat.label} has ${flat.elements} elements, expected fours`);
}
