import { preset, summaries } from 'virtual:claimResults';
import { effectText, rangeText } from '../../experiments/effectText.ts';
import { type ExperimentRecord, PAPERS, type Paper } from '../../experiments/experiment.ts';
import { decidingEffect } from '../../experiments/reproduction/decidingEffect.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import { changeUrlState, useUrlState } from '../urlState.ts';
import { counts, isShown, LISTED_VERDICTS, type ListedClaim, listClaims, readFilter } from './claimFilter.ts';
import { EffectStripView, VERDICT_LOOKS, VerdictBadge } from './effectStripView.tsx';

const ALL = 'all';
const VIEWS = [
  { value: 'picture', label: 'Picture' },
  { value: 'list', label: 'List' },
] as const;

/** All claims: as one picture, a row each, or with their sentences; of a paper, of a verdict. */
export function ClaimList({ records }: { records: readonly ExperimentRecord[] }) {
  const { values } = useUrlState();
  const claims = listClaims(records, summaries);
  const filter = readFilter(values);
  const count = counts(claims, filter);
  const shown = claims.filter((claim) => isShown(claim, filter));
  // Without a run there is no picture to be seen.
  const first = preset === null ? 'list' : 'picture';
  const view = VIEWS.find(({ value }) => value === values.view)?.value ?? first;
  const papers = (Object.keys(PAPERS) as Paper[]).filter((paper) =>
    claims.some(({ record }) => record.record?.paper === paper),
  );
  const verdicts = LISTED_VERDICTS.filter((verdict) => claims.some((claim) => claim.verdict === verdict));
  const set = (key: 'paper' | 'verdict', value: string) =>
    changeUrlState({ values: { [key]: value === ALL ? undefined : value } });
  return (
    <section class="claim-list" aria-labelledby="claims-title">
      <h2 id="claims-title" tabIndex={-1}>
        {records.length} claims, put to the test
      </h2>
      <p class="lead">{LEAD}</p>
      <p class="lead">{preset === null ? NOT_JUDGED : tally(claims)}</p>
      <div class="filters">
        <ButtonGroup
          legend="Paper"
          look="pills"
          options={[
            { value: ALL, label: `All papers (${count.paper(undefined)})` },
            ...papers.map((paper) => ({ value: paper, label: `${PAPERS[paper]} (${count.paper(paper)})` })),
          ]}
          isOn={(value) => value === (filter.paper ?? ALL)}
          onPress={(value) => set('paper', value)}
        />
        {verdicts.length > 1 && (
          <ButtonGroup
            legend="Verdict"
            look="pills"
            options={[
              { value: ALL, label: `All verdicts (${count.verdict(undefined)})` },
              ...verdicts.map((verdict) => ({
                value: verdict,
                label: `${verdict} (${count.verdict(verdict)})`,
              })),
            ]}
            isOn={(value) => value === (filter.verdict ?? ALL)}
            onPress={(value) => set('verdict', value)}
          />
        )}
        <ButtonGroup
          legend="Shown as"
          look="segmented"
          options={VIEWS}
          isOn={(value) => value === view}
          onPress={(value) => changeUrlState({ values: { view: value === first ? undefined : value } })}
        />
      </div>
      {view === 'picture' && (
        <p class="hint">
          Each row has a scale of its own: the shaded band is the claim’s margin, the bar the 95 % interval of
          the effect over the units of replication, the mark its estimate. A claim is reproduced where all of
          the bar lies within the band.
        </p>
      )}
      {shown.length === 0 && <p>No claim is of this paper and this verdict.</p>}
      {[...papers, undefined].map((paper) => {
        const own = shown.filter(({ record }) => record.record?.paper === paper);
        if (own.length === 0) return null;
        return (
          <section key={paper ?? ''} class="card of-paper" aria-labelledby={`paper-${paper ?? 'others'}`}>
            <h3 id={`paper-${paper ?? 'others'}`}>{paper ? PAPERS[paper] : 'Others'}</h3>
            <ul class={`forest ${view}`}>
              {own.map((claim) => (
                <ClaimRow key={claim.record.id} claim={claim} tells={view === 'list'} />
              ))}
            </ul>
          </section>
        );
      })}
    </section>
  );
}

/** @param tells whether the sentence is written out */
function ClaimRow({ claim: { record, verdict, summary }, tells }: { claim: ListedClaim; tells: boolean }) {
  const { id, statement, source } = record;
  const statistic = summary && decidingEffect(summary);
  return (
    <li class="forest-row claim">
      <div class="said">
        <a href={`#${id}`} title={statement}>
          {id}
        </a>
        {tells && (
          <>
            <p>{statement}</p>
            <p class="source">{source}</p>
          </>
        )}
      </div>
      {statistic ? (
        <EffectStripView effect={statistic} look={VERDICT_LOOKS[verdict] ?? 'open'} />
      ) : (
        <span class="strip" aria-hidden="true" />
      )}
      <VerdictBadge verdict={verdict} />
      <span class="effect-numbers">
        {statistic
          ? `${statistic.name}: ${effectText(statistic.estimate, statistic.interval)}${statistic.margin ? `, margin ${rangeText(statistic.margin)}` : ''}`
          : summary && 'not measured'}
      </span>
    </li>
  );
}

const LEAD =
  'What papers say of batch size, learning rate, flat minima and averages of weights, each sentence as an experiment: a statistic and a margin ' +
  'set before it ran, a control with the claimed cause removed, a planted case of known truth, a verdict. Each can be run here, on this machine’s GPU.';
const NOT_JUDGED =
  'No run came with this page, so no verdict is shown before one is run here: open a claim and run it.';

function tally(claims: readonly ListedClaim[]): string {
  const of = LISTED_VERDICTS.flatMap((verdict) => {
    const count = claims.filter((claim) => claim.verdict === verdict).length;
    return count > 0 ? [`${count} ${verdict}`] : [];
  });
  const decides = preset === 'quick' ? ', which decides nothing' : '';
  return `By the ${preset} run that came with this page${decides}: ${of.join(', ')}.`;
}
