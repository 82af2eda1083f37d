/**
 * Steps of E epochs: as many as it takes to draw E·N examples, the last batch a whole one.
 * @param batches B from a step on (counted from 0); the first entry from step 0
 */
export function epochSteps(
  epochs: number,
  examples: number,
  batches: readonly { readonly fromStep: number; readonly batchSize: number }[],
): number {
  const wanted = epochs * examples;
  let steps = 0;
  let drawn = 0;
  for (const [i, { batchSize }] of batches.entries()) {
    const until = batches[i + 1]?.fromStep ?? Number.POSITIVE_INFINITY;
    const needed = Math.ceil((wanted - drawn) / batchSize - 1e-9);
    const taken = Math.min(needed, until - steps);
    steps += taken;
    drawn += taken * batchSize;
    if (drawn >= wanted) break;
  }
  return steps;
}
