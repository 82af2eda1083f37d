import type { Dataset } from '../data/dataset.ts';
import { ownData, placeExamples, type ResidentExamples, writeExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Scope } from '../gpu/scope.ts';
import type { RunParts } from './runParts.ts';
import type { TrainingOptions } from './trainingRun.ts';

type Datasets = Pick<TrainingOptions, 'dataset' | 'replicas'>;

/** What each replica trains on. */
export function datasetsOf({ dataset, replicas }: Datasets): readonly Dataset[] {
  return replicas.map((replica) => replica.dataset ?? dataset);
}

/** Writes what each replica trains on, and is tested on, into the memory that its run has for it. */
export function writeData(
  { examples, testExamples }: Pick<RunParts, 'examples' | 'testExamples'>,
  of: Datasets,
): void {
  const datasets = datasetsOf(of);
  writeExamples(examples, datasets);
  if (!testExamples) return;
  writeExamples(
    testExamples,
    datasets.map(({ test }) => test!),
  );
}

/** The data sets that a run's weights are trained, measured and evaluated on, each on the device once and until the run is disposed of. */
export class ResidentData {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #of: Datasets;
  /** By what was given. */
  readonly #resident: Map<Dataset, ResidentExamples>;

  /** @param scope of the run */
  constructor(
    gpu: Gpu,
    scope: Scope,
    of: Datasets,
    { examples, testExamples }: Pick<RunParts, 'examples' | 'testExamples'>,
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#of = of;
    this.#resident = new Map([[of.dataset, examples]]);
    if (testExamples) this.#resident.set(of.dataset.test!, testExamples);
  }

  /** @throws LimitError if it passes what the adapter can bind */
  examplesOf(dataset: Dataset): ResidentExamples {
    const known = this.#resident.get(dataset);
    if (known) return known;
    const datasets = this.inPlaceOf(dataset);
    const own = { ...ownData(datasets), replicas: this.#of.replicas.length };
    const examples = this.#scope.own(placeExamples(this.#gpu, dataset, own));
    writeExamples(examples, datasets);
    this.#resident.set(dataset, examples);
    return examples;
  }

  /** What each replica has in the place of a data set: the training data and their test part may be its own. */
  inPlaceOf(dataset: Dataset): readonly Dataset[] {
    const datasets = datasetsOf(this.#of);
    if (dataset === this.#of.dataset) return datasets;
    return dataset === this.#of.dataset.test ? datasets.map(({ test }) => test!) : [dataset];
  }
}
