import { ARTICLE } from '../../experiments/article.ts';
import { numberText } from '../../experiments/effectText.ts';
import type { EarlierVersion, ExperimentRecord } from '../../experiments/experiment.ts';

/** What is predicted, of what, and what would refute it. */
export function RecordView({ record: { id, record } }: { record: ExperimentRecord }) {
  if (!record) return null;
  const { prediction, refutedBy, population, unit, power } = record;
  const sentences = ARTICLE.filter(({ claims }) => claims.includes(id));
  return (
    <section class="card record" aria-labelledby="record-title">
      <h3 id="record-title">What is claimed, and what would refute it</h3>
      <dl>
        {sentences.map(({ sentence }) => (
          <Said key={sentence} term="Commonly said">
            “{sentence}”
          </Said>
        ))}
        <Said term="Prediction">{prediction}</Said>
        <Said term="Refuted by">{refutedBy}</Said>
        <Said term="Measured on">{population}</Said>
        <Said term="Unit of replication">{unit}</Said>
        <Said term="Units">
          {power.units}, by a pilot ({power.pilot}): scatter {numberText(power.scatter)}
          {power.distance > 0
            ? `, ${numberText(power.distance)} from the margin`
            : ', outside the margin, so that no number of units would help'}
        </Said>
      </dl>
    </section>
  );
}

function Said({ term, children }: { term: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What was looked into where it did not reproduce, and protocols that were given up. */
export function HistoryView({ record: { record } }: { record: ExperimentRecord }) {
  const { lookedInto, earlier = [] } = record ?? {};
  if (lookedInto === undefined && earlier.length === 0) return null;
  return (
    <section class="card history" aria-labelledby="history-title">
      <h3 id="history-title">What was looked into</h3>
      {lookedInto !== undefined && <p>{lookedInto}</p>}
      {earlier.map((version) => (
        <Earlier key={version.version} {...version} />
      ))}
    </section>
  );
}

function Earlier({ version, verdict, reason, protocol, changed }: EarlierVersion) {
  return (
    <details>
      <summary>
        Version {version}: {verdict}
      </summary>
      <p>{reason}</p>
      <p class="muted">Protocol: {protocol}.</p>
      <p class="muted">Changed since: {changed}.</p>
    </details>
  );
}
