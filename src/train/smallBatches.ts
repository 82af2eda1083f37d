/** A size of the units that statistics are of, small batches of a step's batch, by the key that gives it. */
export type SmallBatch = readonly [key: string, size: number];

/**
 * The sizes of the units of a run's statistics, as they are given.
 * @param own the key and the size of the noise scale that is asked for beside the instruments
 * @param instruments as a description has them
 */
export function smallBatchesOf(
  [key, size]: readonly [key: string, size: number | undefined],
  instruments: readonly Readonly<Record<string, unknown>>[],
): readonly SmallBatch[] {
  const given = instruments.map((of, i) => [`instruments.${i}.small_batch`, of.small_batch] as const);
  return [[key, size] as const, ...given].flatMap(([of, found]): SmallBatch[] =>
    typeof found === 'number' ? [[of, found]] : [],
  );
}

/**
 * Refuses units of which a batch is no whole number of two or more; those of one example divide every batch.
 * @throws what `refuse` makes
 */
export function requireDivisors(
  smallBatches: readonly SmallBatch[],
  batchSizes: readonly number[],
  refuse: (key: string, reason: string) => Error,
): void {
  for (const [key, small] of smallBatches) {
    const odd = small > 1 ? batchSizes.find((B) => B % small !== 0 || B === small) : undefined;
    if (odd !== undefined) {
      throw refuse(key, `is ${small}, expected a divisor of the batch size ${odd} below it`);
    }
  }
}
