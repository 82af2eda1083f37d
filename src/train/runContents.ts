import type { Dataset } from '../data/dataset.ts';
import { sha256 } from '../host/sha256.ts';
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
    data: await ofDataset(dataset),
    model: await digestOf(model),
    order: order ? await digestOf(order) : null,
    weights: await Promise.all(replicas.map(({ weights }) => ofWeights(weights))),
  };
}

async function ofDataset({ x, exampleShape, targets, test }: Dataset): Promise<string> {
  return digestOf({ x, exampleShape, targets, test: test ? await ofDataset(test) : null });
}

/** Of a value of JSON that may hold arrays of numbers, each by its own digest. */
async function digestOf(value: unknown): Promise<string> {
  const arrays: ArrayBufferView[] = [];
  const text = JSON.stringify(value, (_, item) => {
    if (!ArrayBuffer.isView(item)) return item;
    arrays.push(item);
    return item.constructor.name;
  });
  const digests = await Promise.all(arrays.map(sha256));
  return sha256([text, ...digests].join(' '));
}
