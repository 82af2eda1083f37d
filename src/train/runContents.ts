import type { Dataset } from '../data/dataset.ts';
import { sha256 } from '../host/sha256.ts';
import { datasetsOf } from './residentData.ts';
import type { TrainingOptions } from './trainingRun.ts';

/** Digests (SHA-256) of what a run was given by its files, or drew: what its description alone does not tell. */
export interface RunContents {
  readonly data: string;
  /** Which may be made to fit the data: these are named first where both differ. */
  readonly model: string;
  /** null where no file gives the order of examples. */
  readonly order: string | null;
  /** Of each replica's initial weights. */
  readonly weights: readonly string[];
}

/** What a run's files hold, whatever they are called and wherever they lie. */
export async function runContents({
  model,
  dataset,
  order,
  replicas,
}: Pick<TrainingOptions, 'model' | 'dataset' | 'order' | 'replicas'>): Promise<RunContents> {
  // Replicas of one file share its values.
  const known = new Map<TrainingOptions['replicas'][number]['weights'], Promise<string>>();
  const ofWeights = (weights: TrainingOptions['replicas'][number]['weights']): Promise<string> => {
    const digest = known.get(weights) ?? digestOf([...weights]);
    known.set(weights, digest);
    return digest;
  };
  return {
    data: await ofDatasets(datasetsOf({ dataset, replicas })),
    model: await digestOf(model),
    order: order ? await digestOf(order) : null,
    weights: await Promise.all(replicas.map(({ weights }) => ofWeights(weights))),
  };
}

/** Of the data that replicas train on: of one set where they share it, whatever its replicas. */
async function ofDatasets(datasets: readonly Dataset[]): Promise<string> {
  const known: KnownDigests = new Map();
  const digests = await Promise.all([...new Set(datasets)].map((dataset) => ofDataset(dataset, known)));
  return digests.length === 1 ? digests[0]! : digestOf(digests);
}

async function ofDataset({ x, exampleShape, targets, test }: Dataset, known: KnownDigests): Promise<string> {
  const ofTest = test ? await ofDataset(test, known) : null;
  return digestOf({ x, exampleShape, targets, test: ofTest }, known);
}

/** Of arrays that several data sets share. */
type KnownDigests = Map<ArrayBufferView, Promise<string>>;

/** Of a value of JSON that may hold arrays of numbers, each by its own digest. */
async function digestOf(value: unknown, known: KnownDigests = new Map()): Promise<string> {
  const arrays: ArrayBufferView[] = [];
  const text = JSON.stringify(value, (_, item) => {
    if (!ArrayBuffer.isView(item)) return item;
    arrays.push(item);
    return item.constructor.name;
  });
  const digests = await Promise.all(
    arrays.map((array) => {
      const digest = known.get(array) ?? sha256(array);
      known.set(array, digest);
      return digest;
    }),
  );
  return sha256([text, ...digests].join(' '));
}
