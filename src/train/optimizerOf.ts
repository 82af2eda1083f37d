import type { OptimizerRule, OptimizerSettings } from '../optim/optimizer.ts';
import type { CheckedSettings } from './checkSettings.ts';
import type { ReplicaSettings } from './replicaGrid.ts';
import { ADAM_DEFAULTS, WEIGHT_DECAY } from './runSchemas.ts';

/** An optimizer with all that it takes beside ε, by torch.optim's names: as a train.json has it, its defaults filled in. */
export type GivenOptimizer = { readonly weight_decay: number } & (
  | {
      readonly type: 'sgd';
      readonly momentum: number;
      readonly dampening: number;
      readonly nesterov: boolean;
    }
  | {
      readonly type: 'adam' | 'adamw';
      readonly betas: readonly [number, number];
      readonly eps: number;
      readonly amsgrad: boolean;
    }
);

/** What of an optimizer may be another one in each replica. */
export interface ReplicaOptimizer {
  readonly momentum?: number | undefined;
  readonly weight_decay?: number | undefined;
  readonly betas?: readonly [number, number] | undefined;
  readonly eps?: number | undefined;
}

/** The rule of all replicas. */
export function optimizerRule(optimizer: GivenOptimizer): OptimizerRule {
  return optimizer.type === 'sgd' ? { type: 'sgd' } : { type: optimizer.type, amsgrad: optimizer.amsgrad };
}

/** Settings of a replica: its own over those of all. */
export function optimizerSettings(optimizer: GivenOptimizer, replica: ReplicaOptimizer): OptimizerSettings {
  const weightDecay = replica.weight_decay ?? optimizer.weight_decay;
  if (optimizer.type !== 'sgd') {
    const [beta1, beta2] = replica.betas ?? optimizer.betas;
    return { betas: [beta1, beta2], eps: replica.eps ?? optimizer.eps, weightDecay };
  }
  const { momentum, dampening, nesterov } = optimizer;
  return { momentum: replica.momentum ?? momentum, dampening, weightDecay, nesterov };
}

/** Of each replica, where neither it nor all of them are given one. */
export function replicaDefaults({ optimizer }: Pick<CheckedSettings, 'optimizer'>): Partial<ReplicaSettings> {
  const own = optimizer === 'sgd' ? { momentum: 0 } : { lr: ADAM_DEFAULTS.lr };
  return { ...own, weightDecay: WEIGHT_DECAY[optimizer], seed: 0 };
}

/** What Adam has alike in all replicas, its defaults filled in. */
export function adamSettings({ betas, eps, amsgrad }: CheckedSettings) {
  const { betas: usual, eps: usualEps, amsgrad: usualAmsgrad } = ADAM_DEFAULTS;
  return { betas: betas ?? usual, eps: eps ?? usualEps, amsgrad: amsgrad ?? usualAmsgrad };
}

/** The optimizer that the library's settings ask for, momentum and decay as of no replica. */
export function givenOptimizer(settings: CheckedSettings): GivenOptimizer {
  const { optimizer: type, dampening, nesterov } = settings;
  const weight_decay = WEIGHT_DECAY[type];
  if (type === 'sgd') return { type, momentum: 0, dampening, nesterov, weight_decay };
  return { type, ...adamSettings(settings), weight_decay };
}
