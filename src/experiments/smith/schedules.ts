import type { BatchFrom } from '../../train/batchSizes.ts';

/** A part of a run with one rate and one batch size. */
export interface Stage {
  readonly steps: number;
  readonly lr: number;
  readonly batchSize: number;
}

/** A run as stages, with its momentum. */
export interface Arm {
  readonly momentum: number;
  readonly stages: readonly Stage[];
}

/** What all arms are made of. */
export interface ScheduleOptions {
  readonly examples: number;
  readonly lr: number;
  readonly momentum: number;
  readonly batch: number;
  /** f of every cut of ε or growth of B. */
  readonly factor: number;
  /** Epochs at which it is cut, and the end. */
  readonly cuts: readonly number[];
}

/** All arms, by what is done at every cut. */
export const ARMS = {
  decay: 'ε is cut',
  again: 'ε is cut, and examples come in another order',
  growth: 'B grows, to N/10 at most; then ε is cut',
  hybrid: 'B grows once, then ε is cut',
  'larger rate': 'B grows, from ε and B times f',
  'larger momentum': 'B grows, from B and 1/(1 − m) times f',
  constant: 'nothing is done',
  both: 'ε is cut and B grows',
  noisier: 'nothing, and stages are shorter: ε·updates is that of decay',
  'rate alone': 'B grows, from ε times f and the same B',
  'momentum alone': 'B grows, from 1/(1 − m) times f and the same B',
} as const;
export type ArmName = keyof typeof ARMS;
export const ARM_NAMES = Object.keys(ARMS) as ArmName[];

/** The run of an arm. */
export function armOf(name: ArmName, options: ScheduleOptions): Arm {
  const { momentum, factor: f, lr, batch } = options;
  const slower = 1 - (1 - momentum) / f;
  switch (name) {
    case 'decay':
    case 'again':
      return { momentum, stages: stagesOf(options, (k) => ({ lr: lr / f ** k, batchSize: batch })) };
    case 'constant':
      return { momentum, stages: stagesOf(options, () => ({ lr, batchSize: batch })) };
    case 'both':
      return { momentum, stages: stagesOf(options, (k) => ({ lr: lr / f ** k, batchSize: batch * f ** k })) };
    case 'hybrid':
      return {
        momentum,
        stages: stagesOf(options, (k) => ({
          lr: lr / f ** Math.max(0, k - 1),
          batchSize: batch * f ** Math.min(1, k),
        })),
      };
    case 'noisier': {
      const decayed = stagesOf(options, () => ({ lr, batchSize: batch }));
      return {
        momentum,
        stages: decayed.map((stage, k) => ({ ...stage, steps: Math.round(stage.steps / f ** k) })),
      };
    }
    case 'growth':
      return { momentum, stages: grown(options, lr, batch) };
    case 'larger rate':
      return { momentum, stages: grown(options, lr * f, batch * f) };
    case 'larger momentum':
      return { momentum: slower, stages: grown(options, lr, batch * f) };
    case 'rate alone':
      return { momentum, stages: grown(options, lr * f, batch) };
    case 'momentum alone':
      return { momentum: slower, stages: grown(options, lr, batch) };
  }
}

/** B grows at every cut while it stays within N/10; beyond that ε is cut. */
function grown(options: ScheduleOptions, lr: number, batch: number): Stage[] {
  const f = options.factor;
  const growths = Math.max(0, Math.floor(Math.log(options.examples / 10 / batch) / Math.log(f) + 1e-9));
  return stagesOf(options, (k) => ({
    lr: lr / f ** Math.max(0, k - growths),
    batchSize: batch * f ** Math.min(k, growths),
  }));
}

function stagesOf(
  { cuts, examples }: ScheduleOptions,
  at: (stage: number) => Pick<Stage, 'lr' | 'batchSize'>,
): Stage[] {
  return cuts.map((until, k) => {
    const stage = at(k);
    const epochs = until - (cuts[k - 1] ?? 0);
    return { ...stage, steps: Math.round((epochs * examples) / stage.batchSize) };
  });
}

/** As `train` takes it. */
export function settingsOf({ momentum, stages }: Arm): {
  readonly momentum: number;
  readonly steps: number;
  readonly schedule: { readonly type: 'table'; readonly values: number[] };
  readonly batchSchedule: readonly BatchFrom[];
} {
  const starts = stages.map((_, k) => stages.slice(0, k).reduce((sum, { steps }) => sum + steps, 0));
  return {
    momentum,
    steps: updatesOf(stages),
    schedule: { type: 'table', values: stages.flatMap(({ steps, lr }) => new Array<number>(steps).fill(lr)) },
    batchSchedule: stages
      .map(({ batchSize }, k) => ({ fromStep: starts[k]!, batchSize }))
      .filter(({ batchSize }, k) => k === 0 || batchSize !== stages[k - 1]!.batchSize),
  };
}

export function updatesOf(stages: readonly Stage[]): number {
  return stages.reduce((sum, { steps }) => sum + steps, 0);
}
