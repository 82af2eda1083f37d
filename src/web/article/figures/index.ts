import { averaging } from './averaging.ts';
import { batchSize } from './batchSize.ts';
import { flatMinima } from './flatMinima.ts';
import { learningRate } from './learningRate.ts';
import type { LiveFigure } from './liveFigure.ts';
import { noiseScale } from './noiseScale.ts';

/** The figures of the article, in its order. */
export const FIGURES: readonly LiveFigure[] = [learningRate, batchSize, noiseScale, flatMinima, averaging];
