import type { FiniteSampling } from '../measure/statistics/effectiveBatchSize.ts';
import { BatchSizes } from './batchSizes.ts';
import type { TrainingOptions } from './trainingRun.ts';

/**
 * How a run draws the batch of each step from its training set, as far as its gradient's variance goes.
 *
 * `shuffle` and `sequential` read one stream of epochs; a file's own order is taken for as good as random. An `order` table is such
 * a stream where each N of its entries in a row are N examples; else batches drawn without replacement, each on its own,
 * where no row has an example twice; else drawn with replacement, as `iid` is.
 * Augmentation adds a variance of its own within each example, of which a finite set's batches have as much as endless data's: drawn
 * with replacement, what comes is endless data, examples as they are augmented. Drawn without, the variance between examples alone
 * is what a whole epoch has none of, and two batch sizes tell only the sum of the two: then nothing holds.
 * @returns what holds at a step, counted from 1; null where nothing does
 */
export function stepSampling(
  options: SampledRun,
  batches: BatchSizes,
): (step: number) => FiniteSampling | null {
  const ofExamples = exampleSampling(options, batches);
  if (!options.augmentation) return ofExamples;
  return (step) => (ofExamples(step).replacement ? ENDLESS : null);
}

/** What of a run says how its batches are drawn. */
type SampledRun = Pick<TrainingOptions, 'sampling' | 'order' | 'augmentation'> & {
  readonly dataset: { readonly examples: number };
};

/** Independent draws of a distribution: the nominal sizes are the effective ones. */
const ENDLESS: FiniteSampling = { examples: Number.POSITIVE_INFINITY, replacement: false };

function exampleSampling(options: SampledRun, batches: BatchSizes): (step: number) => FiniteSampling {
  const { order, dataset } = options;
  const { examples } = dataset;
  const stream = (step: number): FiniteSampling => ({
    examples,
    replacement: false,
    offset: batches.drawnBy(step - 1) % examples,
  });
  if (options.sampling === 'shuffle' || options.sampling === 'sequential') return stream;
  if (options.sampling === 'order' && order) {
    if (eachDistinct(order, examples, examples)) return stream;
    if (eachDistinct(order, batches.at(0), examples)) return () => ({ examples, replacement: false });
  }
  return () => ({ examples, replacement: true });
}

/** Whether in each stretch of so many entries, the last one perhaps shorter, no example comes twice. */
function eachDistinct(order: Uint32Array, stretch: number, examples: number): boolean {
  const lastSeen = new Float64Array(examples).fill(-1);
  return order.every((example, at) => {
    const own = Math.floor(at / stretch);
    const distinct = lastSeen[example] !== own;
    lastSeen[example] = own;
    return distinct;
  });
}

/**
 * What is not told of a run's noise because its images are augmented.
 * @returns undefined where nothing is left out
 */
export function augmentationWarning(
  options: SampledRun & Pick<TrainingOptions, 'instruments' | 'batches'>,
): string | undefined {
  const measured = options.instruments?.some(({ type }) => type === 'noise_scale');
  if (!measured || stepSampling(options, new BatchSizes(options.batches))(1)) return undefined;
  return (
    'noise_scale: gradNormSqOfTrainingSet and bSimple are null: the examples are augmented and drawn without replacement, and the ' +
    'noise of the two is not told apart; bSimpleOfBatch has both, and so has bSimple with "order": "iid"'
  );
}
