/** Step, epoch and offset after `steps` steps, with a batch of `batch` out of `examples` in all. */
export function advance(
  [step, epoch, offset]: readonly [number, number, number],
  batch: number,
  examples: number,
  steps = 1,
): [step: number, epoch: number, offset: number] {
  const place = offset + batch;
  return [step + steps, epoch + Math.floor(place / examples), place % examples];
}
