import { everyTrial } from '../bench/everyTrial.ts';
import type { Gpu } from '../gpu/device.ts';
import type { ResultEvent, WorkEvent } from '../host/workEvent.ts';
import { type SelftestResult, type SelftestRow, type SelftestSpec, selftest } from '../selftest/selftest.ts';

/** The self-test as a job: its result is a SelftestResult, its exit code 1 where a row failed. */
export async function* selftestJob(
  gpu: Gpu,
  spec: SelftestSpec = {},
): AsyncGenerator<WorkEvent | ResultEvent, void, void> {
  const rows: SelftestRow[] = [];
  const running = selftest(gpu, everyTrial, spec);
  let family = '';
  for (;;) {
    const next = await running.next();
    if (next.done) {
      const failed = rows.filter(({ ok }) => !ok).length;
      const passed = rows.length - failed;
      const result: SelftestResult = {
        adapter: gpu.info,
        passed,
        failed,
        compensatedSum: next.value,
        rows,
      };
      yield { type: 'result', result, exitCode: failed === 0 ? 0 : 1 };
      return;
    }
    if (next.value.family !== family) {
      family = next.value.family;
      yield { type: 'phase', phase: `checking ${family}` };
    }
    rows.push(next.value.row);
  }
}
