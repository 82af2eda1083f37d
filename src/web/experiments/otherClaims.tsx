import type { ExperimentRecord } from '../../experiments/experiment.ts';

interface Others {
  readonly record: ExperimentRecord;
  readonly records: readonly ExperimentRecord[];
}

/** Claims that are judged by the same cells: they find what is measured here. */
export function SharingClaims({ record, records }: Others) {
  const { study } = record;
  const sharing = records.filter(
    (each) => each.id !== record.id && study !== undefined && each.study?.id === study.id,
  );
  if (sharing.length === 0) return null;
  return (
    <p class="hint">
      The same cells judge{' '}
      {sharing.map(({ id }, i) => (
        <span key={id}>
          {i > 0 && ', '}
          <a href={`#${id}`}>{id}</a>
        </span>
      ))}
      : what is measured here need not be measured there.
    </p>
  );
}

/** The claims before and after this one in the list. */
export function NeighbouringClaims({ record, records }: Others) {
  const at = records.findIndex(({ id }) => id === record.id);
  const [before, after] = [records[at - 1], records[at + 1]];
  return (
    <nav class="neighbours" aria-label="Other claims">
      {before && <a href={`#${before.id}`}>← {before.id}</a>}
      <a href="./experiments.html#">All claims</a>
      {after && <a href={`#${after.id}`}>{after.id} →</a>}
    </nav>
  );
}
