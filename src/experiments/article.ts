/** A sentence that is commonly said of the five papers, and the claims, by their ids, that answer it. */
export interface Sentence {
  readonly sentence: string;
  readonly claims: readonly string[];
}

/** The article's sentences, in its order: learning rate, batch size, noise scale, flat minima, averaging. */
export const ARTICLE: readonly Sentence[] = [
  {
    sentence: 'One step of SGD is best at a learning rate that grows with the batch and saturates.',
    claims: ['optimal-step'],
  },
  {
    sentence: 'A batch size that follows the noise scale trains at a lower cost.',
    claims: ['batch-control'],
  },
];
