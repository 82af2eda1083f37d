import { readSafetensorsFile } from '../../data/safetensors.ts';
import { parseJson } from '../../host/parseJson.ts';
import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { type GivenFile, givenFile } from '../files/givenFile.ts';
import { RECORDING_FORMAT } from './recordingFile.ts';

/** What a file given to the Lab is for: one that its settings may name, settings themselves, or a run. */
export type TakenFile =
  | { readonly is: 'given'; readonly file: GivenFile }
  | { readonly is: 'settings'; readonly spec: TrainSpec }
  | { readonly is: 'run'; readonly file: File };

/**
 * Tells what a file is for.
 * @throws InputError for one that is refused
 */
export async function takeFile(file: File): Promise<TakenFile> {
  const { name } = file;
  if (/\.json$/i.test(name)) {
    const content = parseJson(name, 'JSON', new Uint8Array(await file.arrayBuffer()));
    if (isObject(content)) {
      if (content.format === RECORDING_FORMAT || 'job' in content) return { is: 'run', file };
      if ('data' in content && 'optimizer' in content)
        return { is: 'settings', spec: content as unknown as TrainSpec };
    }
  } else if (/\.(safetensors|snapshot)$/i.test(name) && (await isSnapshot(file))) {
    return { is: 'run', file };
  }
  return { is: 'given', file: await givenFile(file) };
}

async function isSnapshot(file: File): Promise<boolean> {
  const { metadata } = readSafetensorsFile(file.name, new Uint8Array(await file.arrayBuffer()));
  return metadata.format?.startsWith('basin snapshot') === true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
