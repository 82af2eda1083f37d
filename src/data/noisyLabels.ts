import { InputError } from '../host/inputError.ts';
import { purpose } from '../random/purpose.ts';
import { threefry2x32 } from '../random/threefry.ts';
import type { Dataset } from './dataset.ts';
import { multiplyHigh } from './sampler.ts';

/**
 * A data set of which each label (of a sequence, each position's) is replaced, with the given probability, by one of the other classes, all alike: never by
 * itself. Whether and by which goes by Threefry's words for key (seed, labelNoise) and counter (the label's index, 0), so that
 * the same examples are hit at a higher probability, and more. The test part keeps its labels.
 * @param probability from 0 to 1; 1 − 1/C leaves labels that say nothing of C classes
 * @param seed in [0, 2³²)
 * @throws InputError for data without labels, or of one class
 */
export function noisyLabels(dataset: Dataset, probability: number, seed: number): Dataset {
  const { name, targets } = dataset;
  const refuse = (reason: string): InputError => new InputError(name, 'label_noise', reason);
  if (!(probability >= 0 && probability <= 1)) {
    throw refuse(`is ${probability}, expected a probability from 0 to 1`);
  }
  if (targets.kind !== 'classes') {
    throw refuse('the targets are values, expected labels, of which some are replaced by others');
  }
  const { labels, classes } = targets;
  if (probability === 0) return dataset;
  if (classes < 2)
    throw refuse('there is one class, expected another one to take in place of an example’s own');
  const noisy = labels.map((label, n) => {
    const [whether, which] = threefry2x32(seed, purpose.labelNoise, n, 0);
    if (whether >= probability * 2 ** 32) return label;
    const other = multiplyHigh(which, classes - 1);
    return other < label ? other : other + 1;
  });
  return { ...dataset, targets: { ...targets, labels: noisy } };
}
