import { type DataOptions, isDrawn, withDataOptions } from '../data/dataOptions.ts';
import type { Dataset } from '../data/dataset.ts';
import type { RunShape } from './runParts.ts';

/** What the replicas of a run train on. */
export interface DrawnData {
  readonly first: Dataset;
  /** What of it each replica has of its own; undefined where they share all. */
  readonly own: RunShape['own'];
  /** What each replica trains on, drawn when it is asked for; undefined for those that train on what the first one does. */
  ofReplicas(): readonly (Dataset | undefined)[];
}

const SHARED = { inputs: false, targets: false };

/**
 * Draws what replicas train on from one data set, each by its own seed: replicas of one seed share what is drawn, and where labels
 * alone are drawn all share the inputs. Their test part is one.
 * @param seeds one a replica
 * @throws InputError for a draw that the data do not allow
 */
export function drawnData(
  all: Dataset,
  { subset, labelNoise }: Pick<DataOptions, 'subset' | 'labelNoise'>,
  seeds: readonly number[],
): DrawnData {
  const draws = isDrawn({ subset, labelNoise });
  const draw = (dataSeed: number): Dataset => withDataOptions(all, { subset, labelNoise, dataSeed });
  const differ = draws && new Set(seeds).size > 1;
  return {
    first: draws ? draw(seeds[0]!) : all,
    own: differ ? { train: { inputs: subset !== undefined, targets: true }, test: SHARED } : undefined,
    ofReplicas: () => {
      const known = new Map<number, Dataset | undefined>([[seeds[0]!, undefined]]);
      return seeds.map((seed) => {
        if (draws && !known.has(seed)) known.set(seed, draw(seed));
        return known.get(seed);
      });
    },
  };
}
