import { effectText, rangeText } from '../../experiments/effectText.ts';
import { PAPERS } from '../../experiments/experiment.ts';
import type { Results } from '../../experiments/reproduction/results.ts';

/** All claims with verdict, effect and interval, as a table in Markdown: that of the README. @param report its address */
export function claimsMarkdown({ claims }: Results, report: string): string {
  const rows = claims.map(({ id, paper, verdict, statistic }) => {
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
    line(['claim', 'of', 'verdict', 'first effect, with its 95 % interval', 'margin']),
    '| --- | --- | --- | --- | --- |',
    ...rows.map(line),
  ].join('\n');
}
