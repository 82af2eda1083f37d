import { ARTICLE } from '../../experiments/article.ts';
import { effectText } from '../../experiments/effectText.ts';
import { PAPERS, type Paper } from '../../experiments/experiment.ts';
import type { Agreement } from '../../experiments/reproduction/agreement.ts';
import type { ClaimResult, Results } from '../../experiments/reproduction/results.ts';
import { escapeHtml } from '../escapeHtml.ts';
import { claimSection } from './claimSection.ts';
import { forest } from './forest.ts';
import style from './reproduction.css?raw';

/** A claim's charts by its id: title and drawing. */
export type Charts = ReadonlyMap<string, readonly { readonly title: string; readonly svg: string }[]>;

/**
 * What claims came to as one HTML file that needs nothing else and can be read without the papers: all of them in one picture, then
 * each with its prediction, protocol, figure, effects, control, planted cases, table and verdict. It asks for no network, and its
 * content security policy forbids it.
 */
export function renderReproduction(results: Results, charts: Charts, beside: Agreement | null): string {
  const { claims, preset, missing, failed } = results;
  const papers = [...(Object.keys(PAPERS) as Paper[]), null];
  const adapters = [...new Set(claims.flatMap(({ adapter }) => (adapter ? [adapterName(adapter)] : [])))];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Five papers, judged</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Five papers, judged</h1>
<p class="lead">What five papers say of batch size, learning rate, flat minima and averages of weights, each sentence as an experiment: a
statistic and a margin set before it ran, a control with the claimed cause removed, a planted case of known truth, a verdict.
Preset <b>${escapeHtml(preset)}</b>${adapters.length > 0 ? `, measured on ${adapters.map(escapeHtml).join('; ')}` : ''}.</p>
${preset === 'quick' ? '<p class="warning"><strong>A quick run</strong> shows that all of it works, and decides nothing: its verdicts are inconclusive by rule.</p>' : ''}
<h2 id="all">All claims</h2>
<p>${tally(claims)} Each row has a scale of its own: the shaded band is the claim’s margin, the bar the 95 % interval over the units of replication of the effect that decides, the one
least surely within its margin; the mark its estimate. A claim is reproduced where all of the bar lies within the band.</p>
${forest(claims)}
${absent(missing, failed)}
${articleTable(claims)}
${beside ? agreementTable(beside) : ''}
${papers
  .map((paper) => {
    const own = claims.filter((claim) => claim.paper === paper);
    if (own.length === 0) return '';
    const name = paper === null ? 'Others' : PAPERS[paper];
    return `<h2>${escapeHtml(name)}</h2>\n${own.map((claim) => claimSection(claim, charts.get(claim.id) ?? [])).join('\n')}`;
  })
  .join('\n')}
${METHOD}
</main>
</body>
</html>
`;
}

function tally(claims: readonly ClaimResult[]): string {
  const count = (verdict: ClaimResult['verdict']): number =>
    claims.filter((claim) => claim.verdict === verdict).length;
  return `${claims.length} claims: ${count('reproduced')} reproduced, ${count('not reproduced')} not reproduced, ${count('inconclusive')} inconclusive.`;
}

function absent(missing: Results['missing'], failed: Results['failed']): string {
  const lines = [
    ...missing.map(({ claim, cells }) => `${claim}: ${cells.length} cells are missing: ${cells.join('; ')}`),
    ...failed.map(({ claim, name, error }) => `${claim}: cell ${name} failed: ${error}`),
  ];
  if (lines.length === 0) return '';
  return `<h2>What is missing</h2><ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

/** Which claim answers each of the article's sentences; of those that are in this report, with the verdict. */
function articleTable(claims: readonly ClaimResult[]): string {
  const rows = ARTICLE.map(({ sentence, claims: ids }) => {
    const answers = ids.map((id) => {
      const claim = claims.find((each) => each.id === id);
      if (!claim) return `${escapeHtml(id)} <span class="muted">not in this run</span>`;
      return `<a href="#${escapeHtml(id)}">${escapeHtml(id)}</a> ${escapeHtml(claim.verdict)}`;
    });
    return `<tr><th scope="row">${escapeHtml(sentence)}</th><td>${answers.join('<br>')}</td></tr>`;
  });
  return `<h2 id="article">Sentence by sentence</h2>
<p>What is commonly said of these papers, and the claims that answer it.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Sentences and claims"><table><thead><tr><th scope="col">Sentence</th><th scope="col">Claims and verdicts</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** Verdicts of two master seeds side by side. */
function agreementTable({ pairs, share }: Agreement): string {
  const rows = pairs.map(({ id, first, second, same }) => {
    const cell = ({ verdict, statistic }: typeof first): string =>
      `<td>${escapeHtml(verdict)}${statistic ? `<br><span class="muted">${escapeHtml(effectText(statistic.estimate, statistic.interval))}</span>` : ''}</td>`;
    return `<tr><th scope="row">${escapeHtml(id)}</th>${cell(first)}${cell(second)}<td>${same === null ? 'undecided' : same ? 'alike' : 'not alike'}</td></tr>`;
  });
  const [one, other] = [pairs[0]?.first.protocol.seed, pairs[0]?.second.protocol.seed];
  return `<h2 id="again">A second master seed</h2>
<p>${share ? `Of the claims that one of the seeds decides, both judge alike ${escapeHtml(effectText(share.value, share.interval))}.` : 'No claim is decided by either.'}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Verdicts of two master seeds"><table><thead><tr><th scope="col">Claim</th><th scope="col">Seed ${one}</th><th scope="col">Seed ${other}</th><th scope="col"></th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function adapterName({
  vendor,
  architecture,
  device,
  description,
}: NonNullable<ClaimResult['adapter']>): string {
  return (
    [vendor, architecture, description || device].filter((part) => part !== '').join(' ') ||
    'an unnamed adapter'
  );
}

const METHOD = `<h2>How verdicts come about</h2>
<p>An effect is one number of each unit of replication; units have initial weights, an order of examples, a subset and label noise of their own.
Its mean has a 95 % interval of Student’s distribution. <b>Reproduced</b>: the interval of every effect that has a margin lies within it;
claims of no effect have margins on both sides, which makes two one-sided tests. <b>Not reproduced</b>: one interval lies outside its
margin altogether. <b>Inconclusive</b>: neither; or a unit has no value; or the control, which goes through the same verdict with the claimed cause
taken away, is reproduced as well; or planted evidence of known truth is not judged as it must be; or an effect leaves its margin in a row of
the table of other tolerances. p is the largest one-sided p of a claim’s effects lying outside their margins; beside it stands the p that Holm
adjusts over all claims of the run. Protocols and margins were set with pilots’ seeds below 1,000; verdicts rest on seeds from 1,000 on, run
once.</p>`;
