import { useEffect } from 'preact/hooks';
import { changeUrlState, useUrlState } from '../urlState.ts';
import type { FilesSession } from './filesSession.ts';

/** Runs of this browser as a source of weights; those that are taken stand in the address. */
export function KeptRuns({ session }: { session: FilesSession }) {
  const { values } = useUrlState();
  const asked = values.runs ?? '';
  const ids = asked === '' ? [] : asked.split(',');
  const { keptRuns, state } = session;
  useEffect(() => void session.listRuns(), [session]);
  useEffect(() => {
    if (state === 'idle' && keptRuns) void session.takeRuns(ids);
  }, [asked, keptRuns, state]);

  if (!keptRuns || keptRuns.length === 0) return null;
  return (
    <div class="field">
      <label for="setting-runs">Or weights of a kept run</label>
      <select
        id="setting-runs"
        value=""
        aria-describedby="hint-runs"
        onInput={({ currentTarget }) => {
          changeUrlState({ values: { runs: [...ids, currentTarget.value].join(',') } });
          currentTarget.value = '';
        }}
      >
        <option value="">choose …</option>
        {keptRuns.map(({ id, name, created }) => (
          <option key={id} value={id} disabled={ids.includes(id)}>
            {name}, {new Date(created).toLocaleString()}
          </option>
        ))}
      </select>
      <p class="hint" id="hint-runs">
        Finished runs of the page <a href="./runs.html">Runs</a>, with their models.
      </p>
    </div>
  );
}
