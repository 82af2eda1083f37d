import type { Sharpness } from './measureSolution.ts';
import type { MeasuredSolution } from './pairsStudy.ts';

export const PAIRS_POPULATION =
  'perceptrons of two hidden layers of 64 rectifiers on 2,000 images of Fashion-MNIST at 14 × 14, a tenth of the labels wrong, by Adam with constant ε; without BatchNorm';

export const PAIRS_UNIT =
  'a trunk with a subset, label noise and initial weights of its own; its arms share these and differ in B, ε or order';

/** Keskar's sharpness of a solution in one of its boxes. */
export function boxOf({ sharpness }: MeasuredSolution, epsilon: number): Sharpness['boxes'][number] {
  const box = sharpness.boxes.find((each) => each.epsilon === epsilon);
  if (!box) throw new RangeError(`no box of ε = ${epsilon} was measured`);
  return box;
}
