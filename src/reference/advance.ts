/** Step, epoch and offset after a step with a batch of `batch` out of `examples`. */
export function advance(
  [step, epoch, offset]: readonly [number, number, number],
  batch: number,
  examples: number,
): [step: number, epoch: number, offset: number] {
  const place = offset + batch;
  return [step + 1, epoch + Math.floor(place / examples), place % examples];
}
