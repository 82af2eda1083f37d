import sgdKernel from '../../shaders/training/sgd.wgsl';
import type { State } from '../gpu/state.ts';
import type { Tensor } from '../ops/graph.ts';
import { applyAll, expectCounters, expectShape, expectState, type Op } from '../ops/op.ts';
import { elementsPerThread, linearGrid } from '../ops/plans/linearGrid.ts';

/** Settings of torch.optim.SGD, one replica's. */
export interface SgdSettings {
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/** What SGD works on. */
export interface SgdState {
  /** Parameters, flat [P]. */
  readonly theta: State;
  /** Momentum buffer, flat [P]. */
  readonly velocity: State;
  /** ε of every step: [steps], by replica. */
  readonly rates: State;
  /** Momentum, dampening, weight decay, Nesterov: [4], by replica. */
  readonly hyper: State;
  readonly counters: State;
}

/** As the kernel reads them. */
export function packSettings({ momentum, dampening, weightDecay, nesterov }: SgdSettings): Float32Array {
  return Float32Array.of(momentum, dampening, weightDecay, nesterov ? 1 : 0);
}

const sgdOp: Op = {
  name: 'sgd',
  reads: ({ state }) => [state.rates, state.hyper, state.counters],
  writes: ({ state }) => [state.theta, state.velocity],
  lower: ({ inputs: [gradient], attributes }, to) => {
    const { theta, velocity, rates, hyper, counters }: SgdState = attributes.state;
    const vectors = theta.elements / 4;
    const perThread = elementsPerThread(to.target);
    to.dispatch(
      {
        source: sgdKernel,
        params: { vectors, perThread, steps: rates.elements },
        grid: linearGrid(vectors, perThread),
      },
      { theta, velocity, rates, hyper, counters, gradient: gradient! },
    );
  },
};

/**
 * θ ← θ − ε·d, as torch.optim.SGD does it, in place. gradient: flat [P], of the mean loss.
 * @throws if the states are not of the parameters' shape
 */
export function sgd(state: SgdState, gradient: Tensor): void {
  const { theta, velocity, rates, hyper, counters } = state;
  expectCounters('sgd', counters);
  expectShape('sgd', 'the gradient', gradient.shape, [theta.elements]);
  expectState('sgd', 'the parameters', theta, { dtype: 'f32', shape: [theta.elements] });
  expectState('sgd', 'the momentum buffer', velocity, { dtype: 'f32', shape: [theta.elements] });
  expectState('sgd', 'the rates', rates, { dtype: 'f32', shape: ['any'] });
  expectState('sgd', 'the settings', hyper, { dtype: 'f32', shape: [4] });
  applyAll(sgdOp, [gradient], { state }, []);
}
