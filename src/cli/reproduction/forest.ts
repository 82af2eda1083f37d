import { effectText, rangeText } from '../../experiments/effectText.ts';
import { decidingEffect } from '../../experiments/reproduction/decidingEffect.ts';
import type { ClaimResult, EffectResult } from '../../experiments/reproduction/results.ts';
import { effectStrip, type Stretch } from '../../present/figures/effectStrip.ts';
import { escapeHtml } from '../escapeHtml.ts';

/** All claims in one picture: a row each, the effect that decides with its interval against its margin, on a scale of its own. */
export function forest(claims: readonly ClaimResult[]): string {
  return `<div class="forest" role="list">${claims.map(row).join('')}</div>`;
}

const SHAPES: Readonly<Record<ClaimResult['verdict'], string>> = {
  reproduced: 'yes',
  'not reproduced': 'no',
  inconclusive: 'open',
};

function row(claim: ClaimResult): string {
  const { id, statement, verdict } = claim;
  const statistic = decidingEffect(claim);
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
function strip(effect: EffectResult, shape: string): string {
  const places = effectStrip(effect);
  if (!places) return '<div class="strip"></div>';
  const { band, bar, open, mark } = places;
  const span = ({ left, width }: Stretch): string => `left:${left.toFixed(2)}%;width:${width.toFixed(2)}%`;
  const ends = open.map((isOpen, i) => (isOpen ? ` open-${i}` : '')).join('');
  return `<div class="strip">${band ? `<i class="band" style="${span(band)}"></i>` : ''}${
    bar ? `<i class="bar${ends}" style="${span(bar)}"></i>` : ''
  }${mark === null ? '' : `<i class="mark ${shape}" style="left:${mark.toFixed(2)}%"></i>`}</div>`;
}
