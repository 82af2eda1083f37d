import type { KernelsReport } from '../../bench/kernelsReport.ts';
import { Exports } from './exports.tsx';
import { Fold } from './fold.tsx';
import type { ListedRun } from './runLibrary.ts';
import { OpenFiles, RunPicker } from './runPicker.tsx';

interface ShownProps {
  /** Of which one is shown; left out where a view shows none by itself. */
  runs: readonly ListedRun[] | undefined;
  shown: string;
  report: KernelsReport | undefined;
  onShow(key: string): void;
  onOpen(files: readonly File[]): void;
}

/** Which run is shown, and its files. */
export function ShownBar({ runs, shown, report, onShow, onOpen }: ShownProps) {
  return (
    <Fold summary={runs ? `Shown: ${runs.find(({ key }) => key === shown)?.label}` : 'Files'}>
      <div class="shown-bar">
        {runs && <RunPicker label="Shown" runs={runs} value={shown} onPick={onShow} />}
        <div class="exports">
          <OpenFiles onOpen={onOpen} />
          {runs && <Exports report={report} />}
        </div>
      </div>
    </Fold>
  );
}
