import adamKernel from '../../shaders/training/adam.wgsl';
import type { State } from '../gpu/state.ts';
import type { Tensor } from '../ops/graph.ts';
import { applyAll, expectCounters, expectShape, expectState, type Op, UNUSED } from '../ops/op.ts';
import { elementsPerThread, linearGrid } from '../ops/plans/linearGrid.ts';

/** Settings of torch.optim.Adam and AdamW, one replica's. */
export interface AdamSettings {
  /** β₁ and β₂, each in [0, 1). */
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

/** What Adam works on. */
export interface AdamState {
  /** Parameters, flat [P]. */
  readonly theta: State;
  /** m and v, the moving averages of the gradient and of its square: flat [P], zeros at the start. */
  readonly expAvg: State;
  readonly expAvgSq: State;
  /** The largest v so far, flat [P], by which amsgrad divides; null without amsgrad. */
  readonly maxExpAvgSq: State | null;
  /** ε of every step: [steps], by replica. */
  readonly rates: State;
  /** As `packAdamSettings` gives them: [8], by replica. */
  readonly hyper: State;
  readonly counters: State;
  /** AdamW: the weights decay by themselves. Else the decay is a part of the gradient, as Adam has it. */
  readonly decoupled: boolean;
}

/** ln β of one that is 0, whose powers are 0 in float32. */
const LOG_OF_NONE = -200;

/** As the kernel reads them: β, 1 − β and ln β are rounded each by itself, since 1 − β of a rounded β has lost digits. */
export function packAdamSettings({ betas, eps, weightDecay }: AdamSettings): Float32Array {
  const ofBetas = betas.flatMap((beta) => [beta, 1 - beta, Math.max(LOG_OF_NONE, Math.log(beta))]);
  return Float32Array.of(...ofBetas, eps, weightDecay);
}

const adamOp: Op = {
  name: 'adam',
  reads: ({ state }) => [state.rates, state.hyper, state.counters],
  writes: ({ state: { theta, expAvg, expAvgSq, maxExpAvgSq } }) => [
    theta,
    expAvg,
    expAvgSq,
    ...(maxExpAvgSq ? [maxExpAvgSq] : []),
  ],
  lower: ({ inputs: [gradient], attributes }, to) => {
    const { theta, expAvg, expAvgSq, maxExpAvgSq, rates, hyper, counters, decoupled }: AdamState =
      attributes.state;
    const vectors = theta.elements / 4;
    const perThread = elementsPerThread(to.target);
    to.dispatch(
      {
        source: adamKernel,
        knobs: { DECOUPLED: decoupled, AMSGRAD: maxExpAvgSq !== null },
        params: { vectors, perThread, steps: rates.elements },
        grid: linearGrid(vectors, perThread),
      },
      {
        theta,
        expAvg,
        expAvgSq,
        maxExpAvgSq: maxExpAvgSq ?? UNUSED,
        rates,
        hyper,
        counters,
        gradient: gradient!,
      },
    );
  },
};

/**
 * A step of torch.optim.Adam, or decoupled of AdamW, in place (Kingma & Ba 2015; Loshchilov & Hutter 2019; amsgrad: Reddi et al. 2018).
 * The step t of the bias corrections 1 − βᵗ is that of the counters. gradient: flat [P], of the mean loss.
 * @throws if the states are not of the parameters' shape
 */
export function adam(state: AdamState, gradient: Tensor): void {
  const { theta, expAvg, expAvgSq, maxExpAvgSq, rates, hyper, counters } = state;
  expectCounters('adam', counters);
  expectShape('adam', 'the gradient', gradient.shape, [theta.elements]);
  const flat = { dtype: 'f32', shape: [theta.elements] } as const;
  expectState('adam', 'the parameters', theta, flat);
  expectState('adam', 'the first moment', expAvg, flat);
  expectState('adam', 'the second moment', expAvgSq, flat);
  if (maxExpAvgSq) expectState('adam', 'the largest second moment', maxExpAvgSq, flat);
  expectState('adam', 'the rates', rates, { dtype: 'f32', shape: ['any'] });
  expectState('adam', 'the settings', hyper, { dtype: 'f32', shape: [8] });
  applyAll(adamOp, [gradient], { state }, []);
}
