import type { State } from '../gpu/state.ts';
import type { Tensor } from '../ops/graph.ts';
import { type AdamSettings, adam, packAdamSettings } from './adam.ts';
import { packSettings, type SgdSettings, sgd } from './sgd.ts';

/** The rule by which all replicas of a run are updated, as torch.optim names them: what decides memory and programs. */
export type OptimizerRule =
  | { readonly type: 'sgd' }
  | { readonly type: 'adam' | 'adamw'; readonly amsgrad: boolean };

/** Settings of one replica, of the rule that the run has. */
export type OptimizerSettings = SgdSettings | AdamSettings;

/** What every rule works on: parameters flat [P], ε of every step [steps], counters. */
interface Updated {
  readonly theta: State;
  readonly rates: State;
  readonly counters: State;
}

/** An optimizer over states. */
export interface Optimizer {
  /** What it keeps from step to step, zeros at the start, by its name in a snapshot: torch's, but for SGD's momentum buffer. */
  readonly kept: ReadonlyMap<string, State>;
  /**
   * Takes a replica's settings in.
   * @throws Error if they are of another rule
   */
  write(settings: OptimizerSettings, replica: number): void;
  /** Traces a step that goes down the gradient, flat [P]. */
  update(gradient: Tensor): void;
}

/** @param state makes a state of each replica's own, of so many elements */
export function makeOptimizer(
  rule: OptimizerRule,
  updated: Updated,
  state: (label: string, elements: number) => State,
): Optimizer {
  const { elements } = updated.theta;
  if (rule.type === 'sgd') {
    const velocity = state('momentum buffer', elements);
    const hyper = state('SGD settings', 4);
    return {
      kept: new Map([['momentum', velocity]]),
      write: (settings, replica) => {
        if ('betas' in settings) throw new Error('settings of Adam, and the rule is SGD');
        hyper.write(packSettings(settings), { replica });
      },
      update: (gradient) => sgd({ ...updated, velocity, hyper }, gradient),
    };
  }
  const expAvg = state('first moment', elements);
  const expAvgSq = state('second moment', elements);
  const maxExpAvgSq = rule.amsgrad ? state('largest second moment', elements) : null;
  const hyper = state('Adam settings', 8);
  const decoupled = rule.type === 'adamw';
  return {
    kept: new Map([
      ['exp_avg', expAvg],
      ['exp_avg_sq', expAvgSq],
      ...(maxExpAvgSq ? [['max_exp_avg_sq', maxExpAvgSq] as const] : []),
    ]),
    write: (settings, replica) => {
      if (!('betas' in settings)) throw new Error(`settings of SGD, and the rule is ${rule.type}`);
      hyper.write(packAdamSettings(settings), { replica });
    },
    update: (gradient) => adam({ ...updated, expAvg, expAvgSq, maxExpAvgSq, hyper, decoupled }, gradient),
  };
}
