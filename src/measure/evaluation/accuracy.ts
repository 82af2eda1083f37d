import { z } from 'zod';
import { rightAnswers } from '../../nn/rightAnswers.ts';
import { reshape } from '../../ops/reshape.ts';
import { scale } from '../../ops/scale.ts';
import { sum } from '../../ops/sum.ts';
import { varianceAndMean } from '../../ops/variance.ts';
import type { InstrumentKind } from '../instrument.ts';
import type { Quantity } from '../quantity.ts';

/** How a model does on a part of the data. */
interface SplitResult {
  readonly examples: number;
  /** Mean over all of them, and their sample variance. */
  readonly loss: number;
  readonly lossVariance: number;
  /** Of right answers; null where the targets are no classes. */
  readonly share: number | null;
  /** Sample variance of the examples' own shares, where they are sequences of several answers each. */
  readonly shareVariance: number | null;
}

/** Losses of all examples, centred as they come together, and how many answers are right. */
const overSplit: Quantity<SplitResult> = {
  trace(batch) {
    const { gathering, losses, outputs, targets, examples } = batch;
    const [variance, mean] = varianceAndMean(losses, undefined, { unbiased: false });
    const { mean: loss, centredSquares } = gathering.moments(
      'loss',
      reshape(mean, [1]),
      reshape(scale(variance, examples), [1]),
    );
    const shares = targets.dtype === 'u32' ? rightAnswers(outputs, targets) : null;
    const right = shares && gathering.sum('right', sum(shares));
    // The answers of one sequence hang together: they are no draws of their own.
    const [scatter, middle] =
      shares && targets.shape.length > 1 ? varianceAndMean(shares, undefined, { unbiased: false }) : [];
    const among =
      scatter &&
      middle &&
      gathering.moments('shares', reshape(middle, [1]), reshape(scale(scatter, examples), [1]));
    return {
      values: (graph) => ({
        loss: reshape(loss.in(graph), []),
        centredSquares: reshape(centredSquares.in(graph), []),
        ...(right ? { right: right.in(graph) } : {}),
        ...(among ? { shareSquares: reshape(among.centredSquares.in(graph), []) } : {}),
      }),
    };
  },
  read: ({ loss, centredSquares, right, shareSquares }, { examples }) => ({
    examples,
    loss: loss![0]!,
    lossVariance: centredSquares![0]! / (examples - 1),
    share: right ? right[0]! / examples : null,
    shareVariance: shareSquares ? shareSquares[0]! / (examples - 1) : null,
  }),
};

const options = z.strictObject({ split: z.enum(['train', 'test']), examples: z.int().min(2).optional() });

/**
 * Loss and share of right answers over a part of the data, in eval mode: a forward pass over all of it each time, or over its first so
 * many examples. Of those they are exact. The standard errors are those of estimates for others like them: for fresh examples where they
 * are for testing; for the rest of a training set by its first ones. Of a whole training set there are none.
 */
export const accuracy: InstrumentKind<z.output<typeof options>> = {
  type: 'accuracy',
  options: (given) => options.parse(given),
  make: ({ split, examples: first }, schedule) => ({
    type: 'accuracy',
    schedule,
    unitSize: null,
    split,
    first,
    quantity: overSplit,
    follow: () => (found: SplitResult) => {
      const { examples, loss, lossVariance, share, shareVariance } = found;
      const isEstimate = (split === 'test' || examples === first) && examples > 1;
      const isShare = isEstimate && share !== null;
      return {
        examples,
        accuracy: share,
        accuracyStderr: isShare
          ? Math.sqrt(
              shareVariance === null ? (share * (1 - share)) / (examples - 1) : shareVariance / examples,
            )
          : null,
        loss: Number.isFinite(loss) ? loss : null,
        lossStderr: isEstimate && Number.isFinite(loss) ? Math.sqrt(lossVariance / examples) : null,
      };
    },
  }),
  shown: [
    {
      key: 'accuracy',
      symbol: 'Accuracy',
      name: 'Accuracy over a part of the data',
      equation: 'accuracy = (1/N) · #{ i : argmax f(x_{i}) = y_{i} }',
      meaning:
        'Share of the examples of the chosen part of the data, or of its first ones, whose class the model finds with the weights before that step’s update.',
      source: 'all examples of the part, or its first ones',
      log: false,
      scatters: false,
    },
    {
      key: 'loss',
      symbol: 'L_{split}',
      name: 'Loss over a part of the data',
      equation: 'L(θ) = (1/N) Σ_{i} ℓ_{i}(θ)',
      meaning:
        'Mean loss over the examples of the chosen part of the data, or over its first ones, in eval mode.',
      source: 'all examples of the part, or its first ones',
      log: true,
      scatters: false,
    },
  ],
};
