import type { Averaging } from '../optim/average.ts';

/**
 * What remembers a number of steps, and with another B another number of examples: nothing of it is changed with B, so that a run whose B
 * grows tells both (on keeping half-lives in examples instead: Marek et al. 2025).
 * @param momenta of the replicas
 * @returns a line for each; none where B stays
 */
export function timeConstants(
  batchSizes: readonly number[],
  momenta: readonly number[],
  averaging: Averaging | undefined,
): string[] {
  if (batchSizes.length < 2) return [];
  const [least, most] = [Math.min(...batchSizes), Math.max(...batchSizes)];
  const line = (what: string, memory: number, unit: string, stepsEach = 1): string => {
    const examples = (B: number): string => Math.round(memory * stepsEach * B).toLocaleString('en-US');
    return (
      `${what} remembers ${round(memory)} ${unit} whatever B is: ${examples(least)} examples at B = ${least}, ` +
      `${examples(most)} at B = ${most}`
    );
  };
  return [
    ...[...new Set(momenta)]
      .filter((m) => m > 0 && m < 1)
      .map((m) => line(`momentum ${m}`, 1 / (1 - m), 'steps')),
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

function round(value: number): number {
  return Number(value.toPrecision(3));
}
