import type { Outcome } from '../../experiments/experiment.ts';

const HEAD = [
  'effect',
  'scale',
  'scatter pooled over',
  'unit',
  'value',
  'estimate',
  'low',
  'high',
  'margin low',
  'margin high',
];

/**
 * The effects of an outcome, a line for each unit: its value, and beside it the effect that comes of all of them, a mean (of logarithms where
 * the scale is `log`) with its 95 % interval of Student's distribution. An effect that is no mean over units has one line without a unit.
 */
export function effectsCsv({ statistics, effects }: Pick<Outcome, 'statistics' | 'effects'>): string {
  const lines = statistics.flatMap(({ name, value, interval, margin }, i) => {
    const { values = [null], scale = 'linear', pooled = '' } = effects?.[i] ?? {};
    const found = [number(value), ...interval.map(number), ...(margin ?? [null, null]).map(number)];
    return values.map((one, unit) => [
      text(name),
      scale,
      text(pooled),
      effects?.[i] ? `${unit + 1}` : '',
      number(one),
      ...found,
    ]);
  });
  return `${[HEAD, ...lines].map((line) => line.join(',')).join('\n')}\n`;
}

/** Empty where there is none, or an end is open. */
function number(value: number | null): string {
  return value !== null && Number.isFinite(value) ? `${value}` : '';
}

function text(value: string): string {
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
