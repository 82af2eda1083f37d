import type { ExperimentRecord } from '../../experiments/experiment.ts';
import { type Protocol, type ProtocolValue, readPart } from '../../experiments/protocol.ts';
import { formatUrlState } from '../urlState.ts';

/** A run of an experiment as the page's address has it. */
export interface WantedRun {
  readonly record: ExperimentRecord;
  /** May be none that there is: then it is refused when it is looked at. */
  readonly preset: string;
  /** Parts of the protocol that are not the preset's, as they are typed. */
  readonly changes: Readonly<Record<string, string>>;
}

/** What a claim's page runs unless its address says otherwise. */
export const FIRST_PRESET = 'quick';

/** @param values of the address, by name */
export function wantedRun(record: ExperimentRecord, values: Readonly<Record<string, string>>): WantedRun {
  const preset = values.preset ?? FIRST_PRESET;
  const base = presetOf(record, preset);
  const changes = Object.entries(values).filter(
    ([part, text]) => Object.hasOwn(base, part) && text !== String(base[part]),
  );
  return { record, preset, changes: Object.fromEntries(changes) };
}

/** The parts of a preset; of the first one for a name that there is not. */
export function presetOf({ presets }: ExperimentRecord, name: string): Protocol {
  return (Object.hasOwn(presets, name) ? presets[name as keyof typeof presets] : undefined) ?? presets.quick;
}

/** The changes as a job takes them. */
export function changedParts({
  record,
  preset,
  changes,
}: WantedRun): Readonly<Record<string, ProtocolValue>> {
  const base = presetOf(record, preset);
  return Object.fromEntries(
    Object.entries(changes).map(([part, text]) => [part, readPart(text, base[part]!)]),
  );
}

/** The fragment of the page's address that is of this run. */
export function runAddress({ record, preset, changes }: WantedRun): string {
  const values = { ...(preset === FIRST_PRESET ? {} : { preset }), ...changes };
  return formatUrlState({ place: record.id, values });
}

/** The same for runs that are the same. */
export function runKey({ record, preset, changes }: WantedRun): string {
  return JSON.stringify([record.id, record.version, preset, Object.entries(changes).sort()]);
}
