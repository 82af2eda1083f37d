import { kernelsCsv } from '../../bench/kernelsCsv.ts';
import type { KernelsReport } from '../../bench/kernelsReport.ts';
import { download } from '../download.ts';

/** Saves the run that is shown. */
export function Exports({ report }: { report: KernelsReport | undefined }) {
  const name = report
    ? `kernels-${report.adapter.architecture || report.adapter.vendor || 'adapter'}-${report.date.slice(0, 19).replace(/[:T]/g, '-')}`
    : '';
  return (
    <>
      <button
        type="button"
        disabled={!report}
        onClick={() => download(`${name}.json`, 'application/json', JSON.stringify(report, null, 1))}
      >
        Save JSON
      </button>
      <button
        type="button"
        disabled={!report}
        onClick={() => report && download(`${name}.csv`, 'text/csv', kernelsCsv(report))}
      >
        Save CSV
      </button>
    </>
  );
}
