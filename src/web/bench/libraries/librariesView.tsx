import { useEffect, useState } from 'preact/hooks';
import { digits } from '../../../bench/kernelsTable.ts';
import type { LibraryCase, LibraryResult } from '../../../build/libraryResult.ts';
import { formatNumber } from '../../../present/formatNumber.ts';
import { ScrollRegion } from '../../scrollRegion.tsx';
import { libraryResults } from './libraryResults.ts';

interface LibrariesProps {
  chosen: string | undefined;
  onChoose(name: string): void;
}

/** What `basin bench peers`, `step` and `sweep` found beside other libraries, as it was committed. */
export function LibrariesView({ chosen, onChoose }: LibrariesProps) {
  const names = [...libraryResults.keys()];
  const name = names.find((each) => each === chosen) ?? names[0];
  const [loaded, setLoaded] = useState<{ name: string; result?: LibraryResult; error?: string }>();
  useEffect(() => {
    let gone = false;
    if (name === undefined) return;
    libraryResults.get(name)!().then(
      (result) => !gone && setLoaded({ name, result }),
      (error: Error) => !gone && setLoaded({ name, error: error.message }),
    );
    return () => {
      gone = true;
    };
  }, [name]);
  const current = loaded?.name === name ? loaded : undefined;
  if (name === undefined)
    return <p class="empty card">No results beside other libraries came with this page.</p>;
  return (
    <div class="libraries-view">
      <div class="tools">
        <label class="picker">
          <span>Result</span>
          <select value={name} onInput={(event) => onChoose(event.currentTarget.value)}>
            {names.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      {current?.error !== undefined && (
        <p class="error" role="alert">
          {name} cannot be loaded: {current.error}
        </p>
      )}
      {current?.result ? (
        <Result result={current.result} />
      ) : (
        current?.error === undefined && <p class="empty card">Loading {name} …</p>
      )}
    </div>
  );
}

function Result({ result }: { result: LibraryResult }) {
  const { libraries, cases, adapter, software, runtime, date, commit, processors, load } = result;
  return (
    <>
      <ScrollRegion label="Times beside other libraries" look="card">
        <table class="kernels libraries">
          <caption>
            <span class="caption-body">
              <span class="caption-title">Milliseconds</span> {adapter}
              {software && ', software adapter (CPU), not a GPU’s speed'} · {runtime} · {date.slice(0, 10)} ·
              commit {commit.slice(0, 10)}
              {commit.includes(' ') && ' with changes'} · {processors}, load {load}. Medians of the rounds, in
              which all take turns; below them the rounds’ range and how many times as long as Basin it takes.
            </span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Task</th>
              {libraries.map(({ key, name, version }) => (
                <th key={key} scope="col" class="number">
                  {name.replaceAll('`', '')} {version && <span class="spread">{version}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cases.map((each) => (
              <tr key={each.name}>
                <th scope="row">{each.name}</th>
                {libraries.map(({ key }) => (
                  <Time key={key} of={each} library={key} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <p class="hint">
        One round after another over all of them, each waiting for its device, each result compared with a
        reference. What a library does not have is left empty. These are the runs in the repository;{' '}
        <code>basin bench</code> runs them again on your machine.
      </p>
    </>
  );
}

function Time({ of: { times }, library }: { of: LibraryCase; library: string }) {
  const time = times[library];
  if (!time) return <td class="number none">–</td>;
  const basin = times.basin;
  const fastest = Math.min(...Object.values(times).map(({ median }) => median)) === time.median;
  return (
    <td class={fastest ? 'number fastest' : 'number'}>
      {time.wrong ? <strong class="wrong">WRONG</strong> : digits(time.median)}
      <span class="below">
        {digits(time.min)} to {digits(time.max)}
        {basin && library !== 'basin' && ` · ${formatNumber(time.median / basin.median, 2)} ×`}
      </span>
    </td>
  );
}
