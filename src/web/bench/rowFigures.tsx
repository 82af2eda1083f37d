import type { KernelsRow } from '../../bench/kernelsReport.ts';
import { timeText } from '../../bench/kernelsTable.ts';
import { formatCount, formatNumber } from '../../present/formatNumber.ts';
import { Change } from './change.tsx';
import { Noisy } from './noisy.tsx';
import { RooflineBar } from './rooflineBar.tsx';

/** What was measured of a row, in a line or two. */
export function RowFigures({ row, before }: { row: KernelsRow; before: KernelsRow | undefined }) {
  const { time, gflops, gbs, roofline, compile, repeats, flops, bytes } = row;
  if (row.failed !== null) return <p class="error">Not run here: {row.failed}</p>;
  if (row.wrong) {
    return (
      <p class="error">
        WRONG: it differs from float64 by {row.error?.toExponential(1) ?? 'NaN'}, allowed are{' '}
        {row.tolerance.toExponential(1)}.
      </p>
    );
  }
  if (!time) return null;
  return (
    <p class="figures">
      <strong>{timeText(time)} ms</strong>
      <Noisy time={time} />
      {before && <Change before={before.time} after={time} />}
      {gflops !== null && <span>{formatNumber(gflops, 3)} GFLOP/s</span>}
      <span>{formatNumber(gbs, 3)} GB/s</span>
      {roofline && <RooflineBar {...roofline} />}
      <span>IQR {formatNumber(time.q3 - time.q1, 2)} ms</span>
      <span>
        {time.samples.length} samples of {formatCount(repeats)}
      </span>
      <span>compiled in {formatNumber(compile, 3)} ms</span>
      <span>
        {formatNumber(flops, 3)}flop, {formatNumber(bytes, 3)}B
      </span>
    </p>
  );
}
