/** Sizes of the batches of one pass over all examples: whole ones, and a shorter last one. */
export function passBatches(examples: number, batchSize: number): number[] {
  const rest = examples % batchSize;
  return [...Array<number>(Math.floor(examples / batchSize)).fill(batchSize), ...(rest ? [rest] : [])];
}
