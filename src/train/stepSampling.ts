import type { FiniteSampling } from '../measure/statistics/effectiveBatchSize.ts';
import type { BatchSizes } from './batchSizes.ts';
import type { TrainingOptions } from './trainingRun.ts';

/**
 * How a run draws the batch of each step from its training set, as far as its gradient's variance goes.
 *
 * `shuffle` and `sequential` read one stream of epochs; a file's own order is taken for as good as random. An `order` table is such
 * a stream where each N of its entries in a row are N examples; else batches drawn without replacement, each on its own,
 * where no row has an example twice; else drawn with replacement, as `iid` is.
 * @returns what holds at a step, counted from 1
 */
export function stepSampling(
  options: Pick<TrainingOptions, 'sampling' | 'order'> & {
    readonly dataset: { readonly examples: number };
  },
  batches: BatchSizes,
): (step: number) => FiniteSampling {
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
