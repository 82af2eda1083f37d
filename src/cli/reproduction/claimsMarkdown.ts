import { effectText, rangeText } from '../../experiments/effectText.ts';
import { PAPERS } from '../../experiments/experiment.ts';
import { decidingEffect } from '../../experiments/reproduction/decidingEffect.ts';
import type { Results } from '../../experiments/reproduction/results.ts';

/** All claims with verdict, effect and interval, as a table in Markdown: that of the README. @param report its address */
export function claimsMarkdown({ claims }: Results, report: string): string {
  const rows = claims.map((claim) => {
    const { id, paper, verdict } = claim;
    const statistic = decidingEffect(claim);
    const effect = statistic
      ? `${statistic.name}: ${effectText(statistic.estimate, statistic.interval)}`
      : 'not measured';
    const margin = statistic?.margin ? rangeText(statistic.margin) : '';
    const shown = verdict === 'inconclusive' ? verdict : `**${verdict}**`;
    return [`[${id}](${report}#${id})`, paper ? PAPERS[paper] : '', shown, effect, margin];
  });
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(['claim', 'of', 'verdict', 'the effect that decides, with its 95 % interval', 'margin']),
    '| --- | --- | --- | --- | --- |',
    ...rows.map(line),
  ].join('\n');
}
