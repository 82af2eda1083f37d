import type { Dataset } from '../../data/dataset.ts';
import { drawnExamples } from '../../data/drawnExamples.ts';
import { exampleRange } from '../../data/exampleRange.ts';
import { firstExamples } from '../../data/firstExamples.ts';
import { noisyLabels } from '../../data/noisyLabels.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';

/** What a unit draws of a data set. */
export interface UnitDraw {
  /** Its seed: what is drawn follows from it. */
  readonly unit: number;
  /** That it trains on. */
  readonly examples: number;
  /** Beside these, that it never trains on; none by default. */
  readonly fresh?: number;
  /** The probability with which a label is replaced by another one; 0 by default. */
  readonly labelNoise?: number;
}

/**
 * A unit's own examples: those it trains on, and others drawn alike. With fewer to train on the same are fresh, and the rest the
 * beginning of more.
 * @throws InputError for more examples than there are
 */
export function unitData(
  all: Dataset,
  { unit, examples, fresh = 0, labelNoise = 0 }: UnitDraw,
): { readonly train: Dataset; readonly fresh: Dataset } {
  const seed = deriveSeed(unit, 'data');
  const drawn = drawnExamples(noisyLabels(all, labelNoise, seed), fresh + examples, seed);
  return { train: exampleRange(drawn, fresh, drawn.examples), fresh: firstExamples(drawn, fresh) };
}
