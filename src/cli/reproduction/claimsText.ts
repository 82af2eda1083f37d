import Table from 'cli-table3';
import { effectText, pText, rangeText } from '../../experiments/effectText.ts';
import { type Experiment, PAPERS, type Paper } from '../../experiments/experiment.ts';
import type { Agreement } from '../../experiments/reproduction/agreement.ts';
import { decidingEffect } from '../../experiments/reproduction/decidingEffect.ts';
import type { MergedClaim } from '../../experiments/reproduction/mergeClaims.ts';
import type { Plan } from '../../experiments/reproduction/planClaims.ts';
import type { PlantedRates } from '../../experiments/reproduction/plantedRates.ts';
import type { Results } from '../../experiments/reproduction/results.ts';
import { duration } from '../progress.ts';

/** The claims there are, by their papers. */
export function claimList(list: readonly Experiment[]): string {
  const papers: readonly (Paper | undefined)[] = [...(Object.keys(PAPERS) as Paper[]), undefined];
  return papers
    .flatMap((paper) => {
      const own = list.filter(({ record }) => record?.paper === paper);
      if (own.length === 0) return [];
      const lines = own.map(
        ({ id, version, statement, source }) => `  ${id} (version ${version})\n    ${statement} (${source})`,
      );
      return [[paper === undefined ? 'Others' : PAPERS[paper], ...lines].join('\n')];
    })
    .join('\n\n');
}

/** What claims will take, and all together. */
export function planText({ speed, claims }: Plan): string {
  const table = plainTable(['claim', 'version', 'preset', 'cells', 'done', 'minutes', 'MiB'], 3);
  for (const { id, version, preset, cells, done, minutes, mebibytes } of claims) {
    // All its cells are counted with an earlier claim.
    const own = cells === 0 ? ['shared', ''] : [minutesText(minutes), `${mebibytes ?? 'unknown'}`];
    table.push([id, `${version}`, preset, `${cells}`, `${done}`, ...own]);
  }
  const known = claims.flatMap(({ minutes }) => (minutes === null ? [] : [minutes]));
  const total = known.reduce((sum, minutes) => sum + minutes, 0);
  const cells = claims.reduce((sum, each) => sum + each.cells - each.done, 0);
  const unknown = claims.length - known.length;
  return [
    table.toString(),
    `${cells} cells to come, about ${duration(60 * total)}${unknown > 0 ? `, and ${unknown} claims that do not say` : ''}`,
    `minutes are the pilots’ on SwiftShader with two cores over this adapter’s speed, ${speed} of it; cells that claims share are counted with the first`,
  ].join('\n');
}

function minutesText(minutes: number | null): string {
  return minutes === null ? 'unknown' : minutes.toFixed(minutes < 10 ? 1 : 0);
}

/** What claims come to: effects, controls, verdicts; and what is missing. */
export function resultsText({ claims, missing, failed }: Results, merged: readonly MergedClaim[]): string {
  const table = plainTable(['claim', 'effect', 'estimate, 95 %', 'margin', 'p', 'p (Holm)', 'verdict'], 2);
  for (const claim of claims) {
    const { id, p, pHolm, verdict } = claim;
    const statistic = decidingEffect(claim);
    table.push([
      id,
      statistic?.name ?? '',
      statistic ? effectText(statistic.estimate, statistic.interval) : '',
      statistic?.margin ? rangeText(statistic.margin) : '',
      pText(p),
      pText(pHolm),
      verdict,
    ]);
  }
  const others = merged.flatMap(({ claim, others: count }) =>
    count > 0 ? [`${claim.experiment.id}: ${count} cells of other adapters or kernels are left alone`] : [],
  );
  return [
    table.toString(),
    ...claims.map(({ id, verdict, reason }) => `${id}: ${verdict}: ${reason}`),
    ...others,
    ...missing.map(({ claim, cells }) => `missing: ${claim}: ${cells.join('; ')}`),
    ...failed.map(({ claim, name, error }) => `failed: ${claim}: cell ${name}: ${error}`),
  ].join('\n');
}

/** How planted evidence is judged, claim by claim, and over all of them. */
export function plantedText({ claims, effects, nulls, without }: PlantedRates): string {
  const table = plainTable(['claim', 'planted', 'reproduced', 'not reproduced', 'inconclusive', 'of'], 2);
  for (const { claim, truth, trials, verdicts } of claims) {
    const { reproduced, 'not reproduced': not, inconclusive } = verdicts;
    table.push([claim, truth, `${reproduced}`, `${not}`, `${inconclusive}`, `${trials}`]);
  }
  const share = (of: PlantedRates['effects']): string =>
    of ? effectText(of.value, of.interval) : 'none planted';
  return [
    table.toString(),
    `planted effects that are reproduced: ${share(effects)} (at least 0.8 is asked)`,
    `planted nulls that are: ${share(nulls)} (at most 0.05)`,
    ...(without.length > 0 ? [`nothing is planted for ${without.join(', ')}`] : []),
  ].join('\n');
}

/** Verdicts of two master seeds side by side. */
export function agreementText({ pairs, share }: Agreement): string {
  const table = plainTable(['claim', 'verdict', 'of the other seed', ''], 4);
  for (const { id, first, second, same } of pairs) {
    table.push([
      id,
      first.verdict,
      second.verdict,
      same === null ? 'undecided' : same ? 'alike' : 'not alike',
    ]);
  }
  const of = share ? effectText(share.value, share.interval) : 'none';
  return `${table.toString()}\nof the claims that one of the seeds decides both judge alike: ${of}`;
}

/** @param left columns that are texts */
function plainTable(head: string[], left: number): InstanceType<typeof Table> {
  return new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) => (column < left ? 'left' : 'right')),
  });
}
