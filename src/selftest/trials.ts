import { ascentTrials } from './cases/ascent.ts';
import { attentionTrials } from './cases/attention.ts';
import { convolutionTrials } from './cases/conv.ts';
import { dropoutTrials } from './cases/dropout.ts';
import { elementwiseTrials } from './cases/elementwise.ts';
import { flatTrials, gapTrials } from './cases/flat.ts';
import { halfTrials } from './cases/half.ts';
import { histogramTrials } from './cases/histogram.ts';
import { krylovTrials } from './cases/krylov.ts';
import { lossTrials } from './cases/loss.ts';
import { matmulTrials } from './cases/matmul.ts';
import { momentsTrials } from './cases/moments.ts';
import { normTrials } from './cases/norm.ts';
import { perceptronTrials } from './cases/perceptron.ts';
import { perExampleTrials } from './cases/perExample.ts';
import { poolTrials } from './cases/pool.ts';
import { productFamilyTrials } from './cases/products.ts';
import { randomTrials } from './cases/random.ts';
import { reduceTrials } from './cases/reduce.ts';
import { samplingTrials } from './cases/sampling.ts';
import { sequenceTrials } from './cases/sequence.ts';
import { structureTrials } from './cases/structure.ts';
import { subspaceTrials } from './cases/subspace.ts';
import { trainingTrials } from './cases/training.ts';
import type { TrialFamilies } from './trial.ts';

/** Every kernel of the engine, by family. */
export const engineTrials: TrialFamilies = {
  structure: structureTrials,
  elementwise: elementwiseTrials,
  sums: reduceTrials,
  'flat vectors': () => [...flatTrials(), ...gapTrials(), ...ascentTrials()],
  products: matmulTrials,
  'families of products': productFamilyTrials,
  'float16 products': halfTrials,
  convolutions: convolutionTrials,
  pooling: poolTrials,
  normalisation: normTrials,
  'Krylov spaces': krylovTrials,
  losses: lossTrials,
  moments: momentsTrials,
  'per-example statistics': perExampleTrials,
  histograms: histogramTrials,
  sequences: sequenceTrials,
  attention: attentionTrials,
  sampling: samplingTrials,
  dropout: dropoutTrials,
  'random vectors': randomTrials,
  'random subspaces': subspaceTrials,
  training: trainingTrials,
  'whole steps': perceptronTrials,
};
