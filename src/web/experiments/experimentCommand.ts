import type { ExperimentRecord } from '../../experiments/experiment.ts';
import { partOption } from '../../experiments/partOption.ts';
import type { Protocol } from '../../experiments/protocol.ts';
import { shellWord } from '../commandLine.ts';

/** The command that repeats a run on a terminal: with its verdict alone, or as a part of a report. */
export function experimentCommands(
  { id, presets }: Pick<ExperimentRecord, 'id' | 'presets'>,
  preset: string,
  protocol: Protocol,
): string[] {
  const base: Protocol = presets[preset as keyof typeof presets] ?? presets.standard;
  const changed = Object.entries(protocol).filter(([part, value]) => String(value) !== String(base[part]));
  const options = changed.flatMap(([part, value]) => [`--${partOption(part)}`, shellWord(String(value))]);
  const experiment = ['basin experiment', id, '--preset', shellWord(preset), ...options].join(' ');
  // The report has protocols as they are, at another master seed at most.
  if (changed.some(([part]) => part !== 'seed')) return [experiment];
  return [experiment, ['basin reproduce', id, '--preset', shellWord(preset), ...options].join(' ')];
}
