import { Fragment } from 'preact';
import type { KernelsRow } from '../../bench/kernelsReport.ts';
import { rowCells } from '../../bench/kernelsTable.ts';
import { isNoisy } from '../../bench/timing.ts';
import { ScrollRegion } from '../scrollRegion.tsx';
import { Change } from './change.tsx';
import { familyColours } from './familyColour.ts';
import { Noisy } from './noisy.tsx';
import { NumberHead } from './numberHead.tsx';
import { RooflineBar } from './rooflineBar.tsx';
import type { RunView } from './runView.ts';
import { sourceLine } from './sourceLine.ts';
import { Spread } from './spread.tsx';

interface TableProps {
  run: RunView;
  rows: readonly KernelsRow[];
  selected: string | undefined;
  onSelect(id: string): void;
}

/** Every kernel at every shape, by family. */
export function KernelsTable({ run, rows, selected, onSelect }: TableProps) {
  const colours = familyColours(run.rows);
  const families = [...new Set(rows.map(({ family }) => family))];
  const changes = rows.some(({ id }) => run.before.has(id));
  const columns = changes ? 9 : 8;
  const times = rows.flatMap(({ time }) => time ?? []);
  const [timed, noisy] = [times.length, times.filter(isNoisy).length];
  return (
    <ScrollRegion label="Table of kernels" look="card">
      <table class="kernels">
        <caption>
          <span class="caption-body">
            <span class="caption-title">Kernels</span> {sourceLine(run)}
            {noisy > 0 && (
              <span class="caption-note">
                {noisy} of {timed} times are noisy: their rounds spread by more than a fifth of the median, so
                they are not to be quoted.
              </span>
            )}
          </span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col" class="shape">
              Shape
            </th>
            <NumberHead>Time, ms</NumberHead>
            {changes && <NumberHead>Δ to last</NumberHead>}
            <NumberHead>GFLOP/s</NumberHead>
            <NumberHead>GB/s</NumberHead>
            <th scope="col">Of the roofline</th>
            <NumberHead>Compile, ms</NumberHead>
            <NumberHead>Error / allowed</NumberHead>
          </tr>
        </thead>
        {families.map((family) => (
          <tbody key={family}>
            <tr class="family">
              <th scope="rowgroup" colSpan={columns}>
                <span class="dot" style={{ background: colours.get(family) }} aria-hidden="true" />
                {family}
              </th>
            </tr>
            {rows
              .filter((row) => row.family === family)
              .map((row) => (
                <tr key={row.id} class={row.id === selected ? 'selected' : undefined} data-row={row.id}>
                  <th scope="row">
                    <button
                      type="button"
                      class="link"
                      aria-pressed={row.id === selected}
                      title={row.ladder?.title}
                      onClick={() => onSelect(row.id)}
                    >
                      {row.title}
                    </button>
                    <span class="shape-below">{row.shape}</span>
                  </th>
                  <td class="shape">{row.shape}</td>
                  {row.failed !== null ? (
                    <td class="failed" colSpan={columns - 2}>
                      not run: {row.failed}
                    </td>
                  ) : (
                    <Figures row={row} before={changes ? (run.before.get(row.id) ?? null) : undefined} />
                  )}
                </tr>
              ))}
          </tbody>
        ))}
      </table>
    </ScrollRegion>
  );
}

/** @param before the row as it was before it was run again, null where it was not, undefined without that column */
function Figures({ row, before }: { row: KernelsRow; before: KernelsRow | null | undefined }) {
  const { time, roofline, wrong } = row;
  // In the words of the command line.
  const [, , , milliseconds, range, gflops, gbs, , compile, error] = rowCells(row);
  return (
    <Fragment>
      <td class="number time" title={time ? `interquartile range ${range} ms` : undefined}>
        {time ? (
          <>
            <Noisy time={time} />
            <Spread text={milliseconds!} />
          </>
        ) : wrong ? (
          <strong class="wrong">WRONG</strong>
        ) : (
          <span class="pending">…</span>
        )}
      </td>
      {before !== undefined && (
        <td class="number">{before && <Change before={before.time} after={time} />}</td>
      )}
      <td class="number">{gflops}</td>
      <td class="number">{gbs}</td>
      <td>{roofline && <RooflineBar {...roofline} />}</td>
      <td class="number">{compile}</td>
      <td class={wrong ? 'number wrong' : 'number'}>{error}</td>
    </Fragment>
  );
}
