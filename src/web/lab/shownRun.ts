import type { AskedChange, PageNews, PageSnapshot } from '../../jobs/jobWorker.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import type { KeptRun } from '../runs/keptRun.ts';
import { type RunRecord, SNAPSHOT } from '../runs/runRecord.ts';
import type { Recording, RecordingMark } from './recording.ts';
import type { RunClock } from './runClock.ts';

/** Seconds between two snapshots. */
const SNAPSHOT_EVERY = 3;

/** A run under way, or one that is shown and could go on. */
export interface ShownRun {
  readonly recording: Recording;
  readonly clock: RunClock;
  /** As the store has it; undefined where there is no store. */
  record: RunRecord | undefined;
  kept: KeptRun | undefined;
  /** What it goes on from where its device is lost. */
  snapshot: { readonly step: number; readonly blob: Blob; readonly mark: RecordingMark } | null;
  /** What was set of it and is in no snapshot yet. */
  unsaved: { readonly change: AskedChange; applied: boolean }[];
}

/** A run that begins, as it will be kept. */
export function newRecord(recording: Recording, files: readonly string[]): RunRecord {
  const now = Date.now();
  return {
    id: crypto.randomUUID(),
    name: nameOf(recording),
    pinned: false,
    created: now,
    updated: now,
    spec: recording.spec,
    replicas: recording.replicas,
    description: recording.description,
    status: 'running',
    lastStep: 0,
    parts: 0,
    snapshot: null,
    files,
  };
}

/** What a run is called until someone calls it otherwise: its settings, and its rates where only these differ. */
function nameOf({ description, groups }: Recording): string {
  const rates = groups.map(({ label }) => /^ε = ([^,]+)$/.exec(label)?.[1]);
  const several = rates.every((rate) => rate !== undefined)
    ? `ε = ${rates.join(', ')}`
    : groups.map(({ label }) => label).join('; ');
  return `${description} · ${several}`;
}

/** The job of a run: from its start, or from its snapshot. */
export function jobOf({ recording, snapshot }: ShownRun): TrainSpec & { readonly job: 'train' } {
  const spec = { ...recording.spec, snapshot: { file: SNAPSHOT, seconds: SNAPSHOT_EVERY } };
  const from = snapshot ? { resume: true, known: recording.lastStep } : {};
  return { job: 'train' as const, ...spec, ...from };
}

/** Takes what a run tells. */
export function takeNews(event: PageNews, { recording, clock, kept, unsaved }: ShownRun): void {
  const { seconds } = clock;
  recording.take(event, seconds);
  kept?.take(event, seconds);
  if (event.type !== 'learningRate' && event.type !== 'batchSize') return;
  // Those of a kind are applied together, the last one of each replica.
  for (const one of unsaved) if (event.type in one.change) one.applied = true;
}

export function takeSnapshot(snapshot: PageSnapshot, shown: ShownRun): void {
  const { step, tensors } = snapshot;
  shown.snapshot = { step, blob: tensors, mark: shown.recording.mark() };
  shown.unsaved = shown.unsaved.filter(({ applied }) => !applied);
  shown.kept?.keep(snapshot);
}

/** What a run is to be set to when it goes on: what its snapshot does not have. */
export function askedOf({ unsaved }: ShownRun): AskedChange[] {
  return unsaved.map(({ change }) => change);
}
