import type { LineLoss } from './pairsStudy.ts';

/** By how much α's of a line may differ that are one. */
const ROUNDING = 1e-9;

/** The point of a line at α; undefined where no finite loss was found. */
export function lineAt(line: readonly LineLoss[], alpha: number): LineLoss | undefined {
  return line.find((point) => Math.abs(point.alpha - alpha) < ROUNDING);
}

/** The mean rise of the training loss from one end of a line to α before and behind it: half the second difference. */
export function riseAround(line: readonly LineLoss[], end: 0 | 1, alpha: number): number | null {
  const [before, at, behind] = [end - alpha, end, end + alpha].map((place) => lineAt(line, place)?.loss);
  return before === undefined || at === undefined || behind === undefined ? null : (before + behind) / 2 - at;
}

/**
 * How much more the loss rises around α = 1 than around α = 0, at equal |α| on both sides; null without a line, without a finite
 * loss there, and where it does not rise around both ends.
 */
export function asymmetry(line: readonly LineLoss[] | null, alpha: number): number | null {
  if (!line) return null;
  const [first, second] = [riseAround(line, 0, alpha), riseAround(line, 1, alpha)];
  return first !== null && second !== null && first > 0 && second > 0 ? second / first : null;
}
