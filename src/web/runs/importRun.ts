import { readSafetensorsFile } from '../../data/safetensors.ts';
import { InputError } from '../../host/inputError.ts';
import { parseJson } from '../../host/parseJson.ts';
import type { PageNews } from '../../jobs/jobWorker.ts';
import { parseTrainSpec, type TrainSpec } from '../../jobs/trainSpec.ts';
import type { SetChange } from '../../train/setChanges.ts';
import { Recording } from '../lab/recording.ts';
import { RECORDING_FORMAT } from '../lab/recordingFile.ts';
import { resultEvents } from './resultEvents.ts';
import { type KeptEvent, type RunRecord, SNAPSHOT } from './runRecord.ts';
import type { RunFiles, RunStore } from './runStore.ts';

type Json = Readonly<Record<string, unknown>>;

/** A run that was read from a file. */
interface ReadRun {
  readonly spec: TrainSpec;
  readonly started: Date;
  readonly name?: string | undefined;
  readonly events: readonly KeptEvent[];
  readonly snapshot?: { readonly step: number; readonly blob: Blob };
}

/**
 * Takes a run into the store from a file: a recording that a page saved, a result.json of `basin train`, or a snapshot, which can
 * go on.
 * @returns its id
 * @throws InputError for another file, or one that is damaged
 */
export async function importRun(store: RunStore, file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const read = /\.json$/i.test(file.name) ? ofJson(file.name, bytes) : ofSnapshot(file.name, bytes, file);
  const { spec, started, events, snapshot } = read;
  requireSpec(file.name, spec);
  const recording = new Recording(spec, started);
  for (const { event, seconds } of events) recording.take(event, seconds);
  const now = Date.now();
  const parts = events.length > 0 ? 1 : 0;
  const record: RunRecord = {
    id: crypto.randomUUID(),
    name: read.name ?? file.name.replace(/\.\w+$/, ''),
    pinned: false,
    created: started.getTime(),
    updated: now,
    spec,
    replicas: recording.replicas,
    description: recording.description,
    status: snapshot ? 'stopped' : 'imported',
    lastStep: snapshot?.step ?? recording.lastStep,
    parts,
    snapshot: snapshot ? { step: snapshot.step, parts } : null,
    files: [],
  };
  const files: RunFiles = snapshot ? { [SNAPSHOT]: snapshot.blob } : {};
  await store.add(record, events, files);
  return record.id;
}

function ofJson(name: string, bytes: Uint8Array): ReadRun {
  const content = parseJson(name, 'JSON', bytes);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new InputError(name, 'JSON', 'found no object, expected a recording or a result.json');
  const file = content as Json;
  if (file.format !== RECORDING_FORMAT) {
    const { spec, events } = resultEvents(name, file);
    const started = dateOf(name, 'date', file.date);
    return { spec: withoutSnapshot(spec), started, events: events.map((event) => ({ seconds: 0, event })) };
  }
  const spec = file.spec as TrainSpec;
  requireSpec(name, withoutSnapshot(spec));
  return {
    spec: withoutSnapshot(spec),
    started: dateOf(name, 'started', file.started),
    name: typeof file.name === 'string' ? file.name : undefined,
    events: recordingEvents(name, file),
  };
}

function ofSnapshot(name: string, bytes: Uint8Array, blob: Blob): ReadRun {
  const { metadata } = readSafetensorsFile(name, bytes);
  const { job, step } = metadata;
  if (job === undefined || step === undefined)
    throw new InputError(name, '__metadata__', 'says nothing of a job: no snapshot of a run');
  return {
    spec: withoutSnapshot(parseJson(name, 'job', job) as TrainSpec),
    started: new Date(),
    events: [],
    snapshot: { step: Number(step), blob },
  };
}

/** Refuses settings as the job would, by the name of the file that has them. */
function requireSpec(file: string, spec: TrainSpec): void {
  try {
    parseTrainSpec(spec);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(file, `job.${error.item}`, error.reason);
  }
}

/** A page asks for snapshots by itself. */
function withoutSnapshot(spec: TrainSpec): TrainSpec {
  const { snapshot: _, ...rest } = spec;
  return rest as TrainSpec;
}

function dateOf(file: string, key: string, text: unknown): Date {
  const date = new Date(String(text));
  if (text === undefined || Number.isNaN(date.getTime()))
    throw new InputError(file, key, `is ${JSON.stringify(text)}, expected a date`);
  return date;
}

/** The events of a recording, in an order in which they may have come. */
function recordingEvents(file: string, content: Json): KeptEvent[] {
  const replicas = list(file, content, 'replicas');
  const readings = list(file, content, 'readings');
  const evaluations = list(file, content, 'evaluations');
  const changes = list(file, content, 'changes') as unknown as SetChange[];
  const seconds = (content.seconds ?? {}) as { readings?: unknown[]; evaluations?: unknown[] };
  for (const [key, items] of Object.entries({ readings, evaluations })) {
    for (const [i, { replica, step, loss }] of items.entries()) {
      const known =
        Number.isInteger(replica) && (replica as number) >= 0 && (replica as number) < replicas.length;
      if (known && Number.isInteger(step) && (step as number) >= 0 && typeof loss === 'number') continue;
      const found = JSON.stringify({ replica, step, loss });
      const expected = `a replica below ${replicas.length}, a step and a loss`;
      throw new InputError(file, `${key}.${i}`, `has ${found}, expected ${expected}`);
    }
  }
  // Recordings of before there were texts have none.
  const samples = content.samples === undefined ? [] : list(file, content, 'samples');
  for (const [i, { replica, step, text }] of samples.entries()) {
    if (replicas[replica as number] && Number.isInteger(step) && typeof text === 'string') continue;
    const found = JSON.stringify({ replica, step, text });
    const expected = `a replica below ${replicas.length}, a step and a text`;
    throw new InputError(file, `samples.${i}`, `has ${found}, expected ${expected}`);
  }
  const timeOf = (times: unknown[] | undefined, i: number): number => {
    const time = times?.[i];
    return typeof time === 'number' && Number.isFinite(time) ? time : 0;
  };
  const events: KeptEvent[] = [];
  const add = (event: PageNews, at = 0): void => {
    events.push({ seconds: at, event });
  };
  if (content.adapter !== undefined) add({ type: 'adapter', adapter: content.adapter } as PageNews);
  if (content.planned !== undefined) add({ type: 'planned', ...(content.planned as object) } as PageNews);
  for (const text of (content.notes ?? []) as string[]) add({ type: 'note', text });
  for (const change of changes) {
    add('batchSize' in change ? { type: 'batchSize', ...change } : { type: 'learningRate', ...change });
  }
  readings.forEach((reading, i) => {
    add({ type: 'readings', readings: [reading] } as unknown as PageNews, timeOf(seconds.readings, i));
  });
  evaluations.forEach((evaluation, i) => {
    add({ ...evaluation, type: 'evaluation' } as unknown as PageNews, timeOf(seconds.evaluations, i));
  });
  for (const sample of samples) add({ ...sample, type: 'sample' } as unknown as PageNews);
  for (const [replica, { diverged }] of replicas.entries()) {
    if (diverged) add({ type: 'diverged', replica, ...(diverged as { step: number; reason: string }) });
  }
  if (content.result !== undefined) add({ type: 'result', result: content.result, exitCode: 0 });
  return events;
}

function list(file: string, content: Json, key: string): Json[] {
  const value = content[key];
  if (Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)) return value;
  throw new InputError(file, key, 'expected a list of objects: no recording of a run');
}
