import { withDataOptions } from '../data/dataOptions.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadDataset } from '../data/loadDataset.ts';
import { isSyntheticName, saysItsSeed } from '../data/synthetic.ts';
import { deriveSeed } from '../random/deriveSeed.ts';
import { type DrawnData, drawnData } from '../train/drawnData.ts';
import type { JobHost } from './jobEvent.ts';
import type { ParsedTrainSpec } from './trainSpec.ts';

/** What a run trains on, as its description has it. */
export interface TrainData extends Pick<DrawnData, 'first' | 'own'> {
  /** Of which the first replica's are drawn. */
  readonly all: Dataset;
  /** Of what is drawn and of the augmentation, one a replica. */
  readonly seeds: readonly number[];
  /** What each replica trains on; undefined for those that train on what the first one does. */
  ofReplicas(): Promise<readonly (Dataset | undefined)[]>;
}

const OWN = { inputs: true, targets: true };

/**
 * Reads a run's data and draws the first replica's, by a seed that follows from the replica's own (deriveSeed) unless it is given. A
 * synthetic set is itself drawn by a `data_seed` that is given, where its name says none.
 * @throws InputError for data that are refused
 */
export async function readTrainData(spec: ParsedTrainSpec, host: JobHost): Promise<TrainData> {
  const { average_pool: averagePool, subset, label_noise: labelNoise } = spec;
  const replicas = spec.replicas ?? [{}];
  const given = replicas.map((replica) => replica.data_seed ?? spec.data_seed);
  const seeds = replicas.map((replica, r) => given[r] ?? deriveSeed(replica.seed ?? spec.seed, 'data'));
  const names = given.map((seed) => nameWith(spec.data, seed));
  const load = async (name: string): Promise<Dataset> =>
    withDataOptions(await loadDataset(name, host), { averagePool });

  const all = await load(names[0]!);
  const { first, own, ofReplicas } = drawnData(all, { subset, labelNoise }, seeds);
  if (new Set(names).size === 1) return { all, seeds, first, own, ofReplicas: async () => ofReplicas() };
  // Each seed draws a synthetic set of its own, and what is drawn of that.
  const made = new Map<string, Promise<Dataset> | undefined>([[names[0]!, undefined]]);
  const draw = async (name: string, seed: number): Promise<Dataset> =>
    drawnData(await load(name), { subset, labelNoise }, [seed]).first;
  return {
    all,
    seeds,
    first,
    own: { train: OWN, test: OWN },
    ofReplicas: () => {
      for (const [r, name] of names.entries()) {
        if (!made.has(name)) made.set(name, draw(name, seeds[r]!));
      }
      return Promise.all(names.map((name) => made.get(name)));
    },
  };
}

/** A synthetic set's name with the seed of the data; any other as it is. */
function nameWith(data: string, seed: number | undefined): string {
  if (seed === undefined || !isSyntheticName(data) || saysItsSeed(data)) return data;
  return `${data}${data.includes('?') ? '&' : '?'}seed=${seed}`;
}
