import type { Dataset } from '../../data/dataset.ts';
import { meanOf } from './captureGeometry.ts';
import type { Scaling } from './swaEvidence.ts';

/** Probabilities of logits, row by row. @param logits [N, classes] */
export function softmaxRows(logits: Float32Array, classes: number): Float64Array {
  const found = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const of = logits.subarray(row, row + classes);
    const most = Math.max(...of);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      found[row + c] = Math.exp(of[c]! - most);
      sum += found[row + c]!;
    }
    for (let c = 0; c < classes; c++) found[row + c]! /= sum;
  }
  return found;
}

/** Loss and accuracy of the mean of several models' probabilities. @param probabilities [N, classes] of each */
export function ensembleValues(
  probabilities: readonly Float64Array[],
  { targets, examples }: Dataset,
): { readonly loss: number; readonly accuracy: number } {
  if (targets.kind !== 'classes') throw new RangeError('an ensemble of classifiers needs classes');
  const mean = meanOf(probabilities);
  const classes = mean.length / examples;
  let [loss, right] = [0, 0];
  for (let n = 0; n < examples; n++) {
    const row = mean.subarray(n * classes, (n + 1) * classes);
    const label = targets.labels[n]!;
    loss -= Math.log(row[label]!) / examples;
    if (row[label] === Math.max(...row)) right++;
  }
  return { loss, accuracy: right / examples };
}

/** How far answers of moved captures are from the average's: together and alone. @param moved of each capture, at one scale */
export function scalingOf(scale: number, centre: Float64Array, moved: readonly Float64Array[]): Scaling {
  const rms = (of: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < of.length; i++) sum += (of[i]! - centre[i]!) ** 2;
    return Math.sqrt(sum / of.length);
  };
  const alone = moved.reduce((sum, each) => sum + rms(each), 0) / moved.length;
  return { scale, together: rms(meanOf(moved)), alone };
}
