import { download } from '../download.ts';
import { recordingCsv, recordingJson } from '../lab/recordingFile.ts';
import { readRun } from './readRun.ts';
import { type RunRecord, SNAPSHOT, TENSORS } from './runRecord.ts';
import type { RunStore } from './runStore.ts';

/** The files that a run can be had as, by their names: those of the command line, and of this page. */
export const EXPORTS = {
  recording: 'recording.json',
  csv: 'readings.csv',
  train: 'train.json',
  result: 'result.json',
  tensors: TENSORS,
  snapshot: SNAPSHOT,
} as const;
export type Export = keyof typeof EXPORTS;

/** Whether a run has such a file. */
export function canExport(what: Export, { status, snapshot, lastStep }: RunRecord): boolean {
  switch (what) {
    case 'result':
      return status === 'finished' || status === 'diverged' || status === 'imported';
    case 'tensors':
      return status === 'finished';
    case 'snapshot':
      return snapshot !== null;
    case 'train':
      return true;
    default:
      return lastStep > 0;
  }
}

/**
 * Hands a run to the browser as a file to save.
 * @throws Error where the run has no such file
 */
export async function exportRun(store: RunStore, record: RunRecord, what: Export): Promise<void> {
  const file = EXPORTS[what];
  const name = `${record.name.replace(/[^\p{L}\p{N}.=-]+/gu, '-').slice(0, 60)}-${file}`;
  if (what === 'train') {
    download(name, 'application/json', `${JSON.stringify(record.spec, null, 2)}\n`);
    return;
  }
  if (what === 'tensors' || what === 'snapshot') {
    const blob = await store.file(record.id, file);
    if (!blob) throw new Error(`${record.name} has no ${file}.`);
    download(name, 'application/octet-stream', blob);
    return;
  }
  const { recording } = await readRun(store, record);
  if (what === 'csv') download(name, 'text/csv', recordingCsv(recording));
  else if (what === 'recording') download(name, 'application/json', recordingJson(recording, record.name));
  else if (recording.result === undefined)
    throw new Error(`${record.name} has no ${file}: it did not come to its end.`);
  else download(name, 'application/json', `${JSON.stringify(recording.result, null, 1)}\n`);
}
