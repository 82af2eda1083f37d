import type { CostRow, CurvatureReport, ModelCosts } from '../../bench/curvature/benchCurvature.ts';
import type { FollowedCosts } from '../../bench/curvature/followedCosts.ts';
import type { TraceCosts } from '../../bench/curvature/traceCosts.ts';
import { aligned } from './aligned.ts';
import { PUBLISHED_COSTS } from './publishedCosts.ts';
import type { BenchRun } from './timeCases.ts';

/** What jax-js shall take at least, over ours, of the perceptron at B = 64. */
const OVER_JAX = [
  { key: 'Hessian product B=64', what: 'H·v', least: 2.5 },
  { key: 'second moments B=64', what: 'per-example second moments', least: 3 },
] as const;

/** Looks before the eigenvector has been found once. */
const WARM_UP = 2;

/** Curvature and noise against one gradient, then against others: jax-js in the same run, and what is published. */
export function curvatureText(
  { models, traces, followed, rounds }: CurvatureReport,
  { cases }: Pick<BenchRun, 'cases'>,
): string {
  const lines = models.flatMap((model) => [...modelText(model), '']);
  lines.push(
    `medians of ${rounds} rounds, over one gradient (forward and backward, none of the data); counts are multiply-adds of products, of activations and losses none; a limit is 1.3 × the count, and 2.7 × for a product`,
  );
  for (const trace of traces) lines.push('', ...traceText(trace));
  lines.push('', ...followedText(followed));
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

function traceText({
  model,
  parameters,
  examples,
  rows,
  trace,
  agreement,
  sameBits,
  wrong,
}: TraceCosts): string[] {
  const head = [
    `${model}, P = ${parameters}, N = ${examples}`,
    'ms a vector',
    'products',
    'single rounds',
    'at most',
    '',
  ];
  const told = rows.map(({ what, median, ratio, limit }) => [
    what,
    median.toFixed(3),
    ratio.median.toFixed(3),
    `${ratio.min.toFixed(3)}..${ratio.max.toFixed(3)}`,
    limit === null ? '' : limit.toFixed(2),
    limit === null ? '' : ratio.median <= limit ? 'holds' : 'MISSED',
  ]);
  const bits = sameBits
    ? 'a product has the same bits beside others'
    : 'a product has OTHER BITS beside others';
  return [
    ...aligned([head, ...told], 1),
    `tr H ${trace.toPrecision(6)}; |vᵀHv − v·Hv| / |v||Hv| ${agreement.toExponential(1)}, ${bits}${wrong ? ': WRONG' : ''}`,
  ];
}

function followedText({
  model,
  batch,
  every,
  lanczosSteps,
  ratio,
  limit,
  values,
  residuals,
  residualLimit,
}: FollowedCosts): string[] {
  const later = residuals.slice(WARM_UP);
  const shown = values.slice(WARM_UP);
  const over = later.filter((residual) => !(residual <= residualLimit)).length;
  const time = `${ratio.median.toFixed(2)} × (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)} in single rounds)`;
  return [
    `λ_max of ${batch} fixed examples every ${every} steps of ${model} on MNIST: ${lanczosSteps} steps of Lanczos from the last eigenvector`,
    `time over that of a plain run ${time}, at most ${limit.toFixed(1)}: ${ratio.median <= limit ? 'holds' : 'MISSED'}`,
    later.length === 0
      ? 'too few looks to tell residuals'
      : `|Hv − λv|/λ of ${later.length} looks after the first ${WARM_UP}: at most ${Math.max(...later).toExponential(1)}, ${over} of them past ${residualLimit}: ${over === 0 ? 'holds' : 'MISSED'}; λ ${Math.min(...shown).toFixed(2)} to ${Math.max(...shown).toFixed(2)}`,
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
