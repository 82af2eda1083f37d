import type { OptimizerRule, OptimizerSettings } from '../optim/optimizer.ts';
import type { CheckedSettings } from './checkSettings.ts';
import type { ReplicaSettings } from './replicaGrid.ts';
import { ADAM_DEFAULTS, WEIGHT_DECAY } from './runSchemas.ts';

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

/** The rule that the settings ask for. */
export function optimizerRule(settings: CheckedSettings): OptimizerRule {
  const { optimizer: type } = settings;
  return type === 'sgd' ? { type } : { type, amsgrad: adamSettings(settings).amsgrad };
}

/** A replica's settings of it. */
export function optimizerSettings(
  settings: CheckedSettings,
  { momentum = 0, weightDecay }: ReplicaSettings,
): OptimizerSettings {
  const { optimizer, dampening, nesterov } = settings;
  if (optimizer === 'sgd') return { momentum, weightDecay, dampening, nesterov };
  const { betas, eps } = adamSettings(settings);
  return { betas, eps, weightDecay };
}
