import type { FiniteSampling } from '../measure/statistics/effectiveBatchSize.ts';
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
  options: Pick<TrainingOptions, 'batches' | 'sampling' | 'order' | 'augmentation'> & {
    readonly dataset: { readonly examples: number };
  },
): (step: number) => FiniteSampling | null {
  const ofExamples = exampleSampling(options);
  if (!options.augmentation) return ofExamples;
  return (step) => (ofExamples(step).replacement ? ENDLESS : null);
}

/** Independent draws of a distribution: the nominal sizes are the effective ones. */
const ENDLESS: FiniteSampling = { examples: Number.POSITIVE_INFINITY, replacement: false };

function exampleSampling(options: Parameters<typeof stepSampling>[0]): (step: number) => FiniteSampling {
  const { batches, order, dataset } = options;
  const { examples } = dataset;
  const stream = (step: number): FiniteSampling => ({
    examples,
    replacement: false,
    offset: drawnBefore(step, batches) % examples,
  });
  if (options.sampling === 'shuffle' || options.sampling === 'sequential') return stream;
  if (options.sampling === 'order' && order) {
    if (eachDistinct(order, examples, examples)) return stream;
    if (eachDistinct(order, batches[0]!.batchSize, examples)) return () => ({ examples, replacement: false });
  }
  return () => ({ examples, replacement: true });
}

/** Examples of the batches before a step, counted from 1. */
export function drawnBefore(step: number, batches: TrainingOptions['batches']): number {
  return batches.reduce((drawn, { fromStep, batchSize }, i) => {
    const until = Math.min(step - 1, batches[i + 1]?.fromStep ?? Number.POSITIVE_INFINITY);
    return drawn + Math.max(0, until - fromStep) * batchSize;
  }, 0);
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
  options: Parameters<typeof stepSampling>[0] & Pick<TrainingOptions, 'instruments'>,
): string | undefined {
  const measured = options.instruments?.some(({ type }) => type === 'noise_scale');
  if (!measured || stepSampling(options)(1)) return undefined;
  return (
    'noise_scale: gradNormSqOfTrainingSet and bSimple are null: the examples are augmented and drawn without replacement, and the ' +
    'noise of the two is not told apart; bSimpleOfBatch has both, and so has bSimple with "order": "iid"'
  );
}
