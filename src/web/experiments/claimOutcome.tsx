import type { ExperimentRecord } from '../../experiments/experiment.ts';
import type { BundledClaim } from '../../experiments/reproduction/bundledClaim.ts';
import type { ResultSoFar } from '../../experiments/resultSoFar.ts';
import { adapterName } from '../../present/adapterName.ts';
import { formatDuration } from '../../present/formatNumber.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import { changeUrlState } from '../urlState.ts';
import { EffectRows } from './effectRows.tsx';
import { PanelView } from './panelView.tsx';
import { type JudgedResult, judged, ResultView } from './resultView.tsx';

interface OutcomeProps {
  readonly record: ExperimentRecord;
  /** Of this machine. */
  readonly own: JudgedResult | null;
  readonly soFar: ResultSoFar | undefined;
  /** Of the run that came with the page. */
  readonly bundled: BundledClaim | null | undefined;
  /** Whose result the address asks for. */
  readonly chosen: string | undefined;
}

const BUNDLED = 'bundled';

/** What a claim came to: on this machine, so far or at the end, or in the run that came with the page. */
export function ClaimOutcome({ record, own, soFar, bundled, chosen }: OutcomeProps) {
  const published = bundled ? judged(bundled.result) : null;
  const hasOwn = own !== null || soFar !== undefined;
  const showsOwn = hasOwn && (chosen !== BUNDLED || !published);
  return (
    <section class="card result" aria-labelledby="result-title">
      <div class="result-head">
        <h3 id="result-title">What it came to</h3>
        {hasOwn && published && (
          <ButtonGroup
            legend="Whose result"
            look="segmented"
            options={[
              { value: 'own', label: 'on this machine' },
              { value: BUNDLED, label: `of the ${published.preset} run` },
            ]}
            isOn={(value) => (value === 'own') === showsOwn}
            onPress={(value) => changeUrlState({ values: { result: value === BUNDLED ? value : undefined } })}
          />
        )}
      </div>
      {showsOwn && own && <ResultView result={own} whose={`${own.preset} run on this machine`} />}
      {showsOwn && soFar && <SoFarView soFar={soFar} />}
      {!showsOwn && published && bundled && (
        <>
          {published.experiment.version !== record.version && (
            <p class="banner warning">
              This is of version {published.experiment.version} of the claim; it is at version{' '}
              {record.version} by now.
            </p>
          )}
          <ResultView result={published} whose={describe(bundled)} />
        </>
      )}
      {!showsOwn && !published && (
        <p>
          {bundled === undefined
            ? 'Loading the result that came with this page …'
            : 'No run has judged it yet: neither one that came with this page nor one on this machine.'}
        </p>
      )}
    </section>
  );
}

function SoFarView({ soFar: { units, of, statistics, figure } }: { soFar: ResultSoFar }) {
  return (
    <div class="outcome so-far">
      <p>
        {units} of {of} units so far, which is no verdict:
      </p>
      <EffectRows statistics={statistics} />
      <div class="charts">
        {figure.panels.map((panel) => (
          <PanelView key={panel.title} panel={panel} />
        ))}
      </div>
    </div>
  );
}

/** Preset, adapter, seeds and time of the run that came with the page. */
function describe({ result, seeds, minutes }: BundledClaim): string {
  const count = `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'} from ${seeds[0]} on`;
  return `${result.preset} run that came with this page: ${adapterName(result.adapter)}, ${count}, ${formatDuration(60 * minutes)}`;
}
