import type { CostRow, CurvatureReport, ModelCosts } from '../../jobs/bench/curvature/benchCurvature.ts';
import { aligned } from './aligned.ts';
import { PUBLISHED_COSTS } from './publishedCosts.ts';
import type { BenchRun } from './timeCases.ts';

/** What jax-js shall take at least, over ours, of the perceptron at B = 64. */
const OVER_JAX = [
  { key: 'Hessian product B=64', what: 'H·v', least: 2.5 },
  { key: 'second moments B=64', what: 'per-example second moments', least: 3 },
] as const;

/** Curvature and noise against one gradient, then against others: jax-js in the same run, and what is published. */
export function curvatureText(
  { models, rounds }: CurvatureReport,
  { cases }: Pick<BenchRun, 'cases'>,
): string {
  const lines = models.flatMap((model) => [...modelText(model), '']);
  lines.push(
    `medians of ${rounds} rounds, over one gradient (forward and backward, none of the data); counts are multiply-adds of products, of activations and losses none; a limit is 1.3 × the count, and 2.7 × for a product`,
  );
  const versus = OVER_JAX.flatMap(({ key, what, least }) => {
    const ratio = cases.find((result) => result.case.key === key)?.overBasin.jaxjs;
    if (!ratio) return [];
    const times = `${ratio.median.toFixed(2)} × (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`;
    return [[what, times, `${least.toFixed(1)} ×`, ratio.median >= least ? 'holds' : 'MISSED']];
  });
  if (versus.length > 0) {
    lines.push('', ...aligned([['over Basin, MLP at B = 64', 'jax-js', 'at least', ''], ...versus], 1));
  }
  const published = PUBLISHED_COSTS.map(({ tool, what, setting, cost }) => [tool, what, cost, setting]);
  lines.push(
    '',
    ...aligned([['published by others', 'what', 'cost', 'theirs, on other hardware'], ...published], 4),
  );
  return lines.join('\n');
}

function modelText({ model, batch, rows, symmetry, agreement, wrong }: ModelCosts): string[] {
  const head = [`${model}, B = ${batch}`, 'ms', 'gradients', 'single rounds', 'by count', 'at most', ''];
  return [
    ...aligned([head, ...rows.map(line)], 1),
    `|u·Hv − v·Hu| / |u·Hv| ${symmetry.toExponential(1)}, one vector alone or beside others ${agreement.toExponential(1)}${wrong ? ': WRONG' : ''}`,
  ];
}

function line({ what, median, ratio, count, limit }: CostRow): string[] {
  return [
    what,
    median.toFixed(2),
    ratio.median.toFixed(2),
    `${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)}`,
    count === null ? '' : count.toFixed(2),
    limit === null ? '' : limit.toFixed(2),
    limit === null ? '' : ratio.median <= limit ? 'holds' : 'MISSED',
  ];
}
