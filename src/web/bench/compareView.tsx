import { useEffect, useState } from 'preact/hooks';
import type { ComparedRow, Comparison, Ratio } from '../../bench/compareKernels.ts';
import type { KernelsRow } from '../../bench/kernelsReport.ts';
import { digits, timeText } from '../../bench/kernelsTable.ts';
import { ScrollRegion } from '../scrollRegion.tsx';
import { NumberHead } from './numberHead.tsx';
import { rowTitle } from './rowName.ts';
import type { ListedRun } from './runLibrary.ts';
import { RunPicker } from './runPicker.tsx';
import type { RunView } from './runView.ts';
import { sourceLine } from './sourceLine.ts';
import { Spread } from './spread.tsx';

interface CompareProps {
  runs: readonly ListedRun[];
  find(key: string): RunView | undefined;
  a: string;
  b: string;
  onPick(change: { readonly a?: string; readonly b?: string }): void;
}

/** Two runs row by row: B's time over A's. */
export function CompareView({ runs, find, a, b, onPick }: CompareProps) {
  const left = a === '' ? undefined : find(a);
  const right = b === '' ? undefined : find(b);
  const [comparison, setComparison] = useState<Comparison>();

  useEffect(() => {
    let gone = false;
    setComparison(undefined);
    const [reportA, reportB] = [left?.report, right?.report];
    if (!reportA || !reportB) return;
    void import('../../bench/compareKernels.ts').then(({ compareKernels }) => {
      if (!gone) setComparison(compareKernels(reportA, reportB));
    });
    return () => {
      gone = true;
    };
  }, [left?.report, right?.report]);

  return (
    <div class="compare-view">
      <div class="tools">
        <RunPicker label="A" runs={runs} value={a} none="choose a run" onPick={(a) => onPick({ a })} />
        <button type="button" disabled={a === '' && b === ''} onClick={() => onPick({ a: b, b: a })}>
          Swap A and B
        </button>
        <RunPicker label="B" runs={runs} value={b} none="choose a run" onPick={(b) => onPick({ b })} />
      </div>
      {comparison && left && right ? (
        <Compared comparison={comparison} a={left} b={right} />
      ) : left && right ? (
        <p class="empty card">Comparing …</p>
      ) : (
        <p class="empty card">
          Choose two runs: this page’s, one that came with it, or files of this page or of{' '}
          <code>basin bench kernels</code>. What is compared is B’s time over A’s, row by row.
        </p>
      )}
    </div>
  );
}

function Compared({ comparison, a, b }: { comparison: Comparison; a: RunView; b: RunView }) {
  const { rows, warnings, onlyA, onlyB } = comparison;
  const timed = rows.flatMap(({ ratio }) => ratio ?? []);
  const within = timed.filter((ratio) => ratio.within).length;
  const faster = timed.filter((ratio) => !ratio.within && ratio.value < 1).length;
  const most = Math.max(1.5, ...timed.map(({ value }) => Math.max(value, 1 / value)));
  return (
    <>
      {warnings.length > 0 && (
        <section class="banner warning" aria-label="What to mind">
          {warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </section>
      )}
      <p class="summary" data-within={within} data-timed={timed.length}>
        Of {timed.length} rows B is faster in {faster}, slower in {timed.length - within - faster}, and within
        the spread of both runs in {within}.
      </p>
      <ScrollRegion label="Comparison" look="card">
        <table class="kernels compared">
          <caption>
            <span class="caption-body">
              <span class="caption-title">B over A</span> A: {sourceLine(a)}; B: {sourceLine(b)}
            </span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Kernel</th>
              <th scope="col" class="shape">
                Shape
              </th>
              <NumberHead>A, ms</NumberHead>
              <NumberHead>B, ms</NumberHead>
              <NumberHead>B / A</NumberHead>
              <th scope="col">faster ← 1 → slower</th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <ComparedLine key={row.id} row={row} most={most} />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <Only which="A" ids={onlyA} />
      <Only which="B" ids={onlyB} />
    </>
  );
}

/** Rows that the other run has not: at other shapes, for instance. */
function Only({ which, ids }: { which: string; ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <details class="fold">
      <summary>
        {ids.length} rows are only in {which}
      </summary>
      <p class="hint">{ids.join('; ')}</p>
    </details>
  );
}

function ComparedLine({ row: { a, b, ratio }, most }: { row: ComparedRow; most: number }) {
  return (
    <tr data-verdict={ratio ? verdict(ratio) : undefined}>
      <th scope="row">
        {rowTitle(a)}
        <span class="shape-below">{a.shape}</span>
      </th>
      <td class="shape">{a.shape}</td>
      <td class="number">{figure(a)}</td>
      <td class="number">{figure(b)}</td>
      <td class="number">
        {ratio && (
          <>
            {ratio.value < 0.1 ? digits(ratio.value) : ratio.value.toFixed(3)}{' '}
            <span class="spread">± {digits(ratio.spread)}</span>
          </>
        )}
      </td>
      <td>{ratio && <RatioBar ratio={ratio} most={most} />}</td>
      <td class={ratio && !ratio.within ? (ratio.value < 1 ? 'change faster' : 'change slower') : 'change'}>
        {ratio && verdict(ratio)}
      </td>
    </tr>
  );
}

function verdict({ value, within }: Ratio): string {
  if (within) return 'within the spread';
  return value < 1 ? 'faster' : 'slower';
}

/** The quotient and its spread on a logarithmic line around 1. */
function RatioBar({ ratio: { value, spread, within }, most }: { ratio: Ratio; most: number }) {
  const at = (quotient: number) =>
    Math.min(100, Math.max(0, 50 + (50 * Math.log(Math.max(quotient, 1e-6))) / Math.log(most * 1.1)));
  const [low, high] = [at(value - spread), at(value + spread)];
  const kind = within ? 'same' : value < 1 ? 'faster' : 'slower';
  return (
    <span class={`ratio ${kind}`} aria-hidden="true">
      <span class="interval" style={{ left: `${low}%`, width: `${Math.max(1, high - low)}%` }} />
      <span class="mark" style={{ left: `${at(value)}%` }} />
    </span>
  );
}

function figure(row: KernelsRow) {
  if (row.wrong) return <strong class="wrong">WRONG</strong>;
  if (!row.time) return row.failed !== null ? 'not run' : '–';
  return <Spread text={timeText(row.time)} />;
}
