import { effectText, rangeText } from '../../experiments/effectText.ts';
import type { ClaimResult, EffectResult } from '../../experiments/reproduction/results.ts';
import { escapeHtml } from '../escapeHtml.ts';

/** Of a row's scale beyond the narrower of what it must show. */
const ROOM = 0.2;

/** All claims in one picture: a row each, the effect with its interval against its margin, on a scale of its own. */
export function forest(claims: readonly ClaimResult[]): string {
  return `<div class="forest" role="list">${claims.map(row).join('')}</div>`;
}

const SHAPES: Readonly<Record<ClaimResult['verdict'], string>> = {
  reproduced: 'yes',
  'not reproduced': 'no',
  inconclusive: 'open',
};

function row({ id, statement, statistic, verdict }: ClaimResult): string {
  const shape = SHAPES[verdict];
  const numbers = statistic
    ? `${escapeHtml(statistic.name)}: ${escapeHtml(effectText(statistic.estimate, statistic.interval))}${statistic.margin ? `, margin ${escapeHtml(rangeText(statistic.margin))}` : ''}`
    : 'not measured';
  return `<div class="row" role="listitem">
<a href="#${escapeHtml(id)}" title="${escapeHtml(statement)}">${escapeHtml(id)}</a>
${statistic ? strip(statistic, shape) : '<div class="strip"></div>'}
<span class="verdict ${shape}">${escapeHtml(verdict)}</span>
<span class="numbers">${numbers}</span>
</div>`;
}

/** Margin, interval and estimate along one line. */
function strip({ estimate, interval, margin }: EffectResult, shape: string): string {
  const ends = [...interval, ...(margin ?? []), estimate].filter((end): end is number => end !== null);
  if (ends.length === 0) return '<div class="strip"></div>';
  // Ratios of far ends are seen on the scale of their logarithms.
  const log = Math.min(...ends) > 0 && Math.max(...ends) / Math.min(...ends) > 20;
  const scale = (value: number): number => (log ? Math.log(value) : value);
  const [least, most] = [Math.min(...ends.map(scale)), Math.max(...ends.map(scale))];
  const room = ROOM * (most - least) || Math.max(Math.abs(most), 1e-9) / 2;
  const place = (value: number | null, open: number): number =>
    value === null ? open : (100 * (scale(value) - least + room)) / (most - least + 2 * room);
  const span = ([low, high]: EffectResult['interval']): string => {
    const [from, to] = [place(low, 0), place(high, 100)];
    return `left:${from.toFixed(2)}%;width:${Math.max(0, to - from).toFixed(2)}%`;
  };
  const open = interval.map((end, i) => (end === null ? ` open-${i}` : '')).join('');
  return `<div class="strip">${margin ? `<i class="band" style="${span(margin)}"></i>` : ''}${
    estimate === null
      ? ''
      : `<i class="bar${open}" style="${span(interval)}"></i><i class="mark ${shape}" style="left:${place(estimate, 0).toFixed(2)}%"></i>`
  }</div>`;
}
