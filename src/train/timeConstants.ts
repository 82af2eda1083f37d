import type { Averaging } from '../optim/average.ts';
import type { OptimizerSettings } from '../optim/optimizer.ts';

/**
 * What remembers a number of steps, and with another B another number of examples: nothing of it is changed with B, so that a run whose B
 * grows tells both (on keeping half-lives in examples instead: Marek et al. 2025).
 * @param settings of the replicas' optimizer
 * @returns a line for each; where a rule leaves B as it is, that it does
 */
export function timeConstants(
  batchSizes: readonly number[],
  settings: readonly OptimizerSettings[],
  averaging: Averaging | undefined,
): string[] {
  if (batchSizes.length < 2) {
    return [
      'the rule for B changes nothing: the schedule never cuts ε to half or less, or the cap leaves no room',
    ];
  }
  const [least, most] = [Math.min(...batchSizes), Math.max(...batchSizes)];
  const line = (what: string, memory: number, unit: string, stepsEach = 1): string => {
    const examples = (B: number): string => Math.round(memory * stepsEach * B).toLocaleString('en-US');
    return (
      `${what} remembers ${round(memory)} ${unit} whatever B is: ${examples(least)} examples at B = ${least}, ` +
      `${examples(most)} at B = ${most}`
    );
  };
  return [
    ...[...new Map(settings.flatMap(decays))].map(([what, decay]) => line(what, 1 / (1 - decay), 'steps')),
    ...(averaging?.kind === 'ema'
      ? [
          line(
            `the exponential average (decay ${averaging.decay})`,
            1 / (1 - averaging.decay),
            'captures',
            averaging.every,
          ),
        ]
      : []),
  ];
}

/** The averages that an optimizer keeps, each by what it keeps of itself from step to step. */
function decays(settings: OptimizerSettings): (readonly [what: string, decay: number])[] {
  const all =
    'betas' in settings
      ? settings.betas.map(
          (beta, i) => [`Adam’s ${i === 0 ? 'first' : 'second'} moment (β ${beta})`, beta] as const,
        )
      : [[`momentum ${settings.momentum}`, settings.momentum] as const];
  return all.filter(([, decay]) => decay > 0 && decay < 1);
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
