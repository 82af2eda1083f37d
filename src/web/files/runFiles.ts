import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { readRun } from '../runs/readRun.ts';
import { type RunRecord, TENSORS } from '../runs/runRecord.ts';
import type { RunStore } from '../runs/runStore.ts';
import { givenFile } from './givenFile.ts';
import { type Activation, modelOf, toldModel } from './proposeModel.ts';

/** What a kept run gives a page: its model, its weights and its data as files, and what its data are called. */
export interface RunFiles {
  readonly files: readonly File[];
  readonly data: string;
}

/**
 * The files of a kept run that came to its end.
 * @throws Error that names the run, where it has no final weights
 */
export async function runFiles(store: RunStore, record: RunRecord): Promise<RunFiles> {
  const { id, name, spec } = record;
  const tensors = await store.file(id, TENSORS);
  if (!tensors) throw new Error(`${name}: it has no final weights, expected a run that is finished`);
  // A name that a command line takes as it is; runs of the same settings have the same one.
  const stem = `${name.replace(/[^\p{L}\p{N}.]+/gu, '-').slice(0, 60)}-${id.slice(0, 8)}`;
  const weights = new File([tensors], `${stem}.safetensors`);
  const named = await Promise.all(
    filesOf(spec)
      .filter((file) => record.files.includes(file))
      .map(async (file) => new File([(await store.file(id, file))!], file)),
  );
  const { model } = spec;
  if (typeof model === 'string') return { files: [...named, weights], data: spec.data };
  const whole = 'layers' in model ? model : await perceptronOf(store, record, weights);
  const own = new File([`${JSON.stringify(whole, null, 1)}\n`], `${stem}.json`);
  return { files: [own, ...named, weights], data: spec.data };
}

/** The files that a description names: IDX images have their labels beside them. */
function filesOf({ model, data }: TrainSpec): string[] {
  const ofData = data
    .split(',')
    .flatMap((file) => [file, file.replace('images', 'labels').replace('idx3', 'idx1')]);
  return [...new Set([...(typeof model === 'string' ? [model] : []), ...ofData])];
}

/** model.json of a perceptron in short form, which the shapes of its tensors complete. */
async function perceptronOf(store: RunStore, record: RunRecord, weights: File): Promise<object> {
  const { activation = 'ReLU' } = record.spec.model as { readonly activation?: string };
  const [given, { recording }] = await Promise.all([givenFile(weights), readRun(store, record)]);
  if (given.is !== 'weights') throw new Error(`${record.name}: its final weights are none`);
  const prefix = given.weights[0]?.prefix ?? '';
  const own = given.tensors.flatMap(({ name, shape }) =>
    name.startsWith(prefix) && /^\d+\.\w+$/.test(name.slice(prefix.length))
      ? [{ name: name.slice(prefix.length), shape }]
      : [],
  );
  // There is an accuracy where there are classes.
  const classes = recording.evaluations.some(({ accuracy }) => accuracy !== null);
  return modelOf(toldModel(own), activation as Activation, classes ? 'cross_entropy' : 'mse');
}
