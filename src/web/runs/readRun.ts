import { Recording } from '../lab/recording.ts';
import type { RunRecord } from './runRecord.ts';
import type { RunStore } from './runStore.ts';

/**
 * What a kept run has told.
 * @param parts the first so many parts of it; all by default
 */
export async function readRun(
  store: RunStore,
  { id, spec, created }: RunRecord,
  parts?: number,
): Promise<{ readonly recording: Recording; readonly seconds: number }> {
  const recording = new Recording(spec, new Date(created));
  let latest = 0;
  for (const { event, seconds } of await store.events(id, parts)) {
    recording.take(event, seconds);
    latest = Math.max(latest, seconds);
  }
  return { recording, seconds: latest };
}
