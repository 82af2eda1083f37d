import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import type { Dataset } from './dataset.ts';

/**
 * The images of a data set, and of its test part, made smaller: each k × k pixels become their mean, 28 × 28 with k = 2
 * become 14 × 14. Bytes become float32 (the mean over 255), each mean summed in float64 and rounded once. k = 1 leaves
 * them as they are.
 * @param k pixels along either side of what one pixel becomes
 * @throws InputError unless examples are images [C, H, W], and H and W multiples of k
 */
export function averagePool(dataset: Dataset, k: number): Dataset {
  const { name, x, exampleShape, test } = dataset;
  const refuse = (reason: string): InputError => new InputError(name, 'average_pool', reason);
  if (!(Number.isInteger(k) && k >= 1)) throw refuse(`is ${k}, expected a positive integer`);
  if (exampleShape.length !== 3) {
    throw refuse(`takes images [C, H, W], and examples are ${showShape(exampleShape)}`);
  }
  if (x instanceof Uint32Array) throw refuse('takes images of numbers, and examples are class indices');
  if (k === 1) return dataset;
  const [channels, height, width] = exampleShape as [number, number, number];
  if (height % k !== 0 || width % k !== 0) {
    throw refuse(`is ${k}, expected a divisor of height and width of the images, ${showShape(exampleShape)}`);
  }
  const [rows, columns] = [height / k, width / k];
  const pooled = new Float32Array((x.length / height / width) * rows * columns);
  const divisor = k * k * (x instanceof Uint8Array ? 255 : 1);
  let at = 0;
  for (let image = 0; image < x.length; image += height * width) {
    for (let i = 0; i < height; i += k) {
      for (let j = 0; j < width; j += k) {
        let sum = 0;
        for (let row = i; row < i + k; row++) {
          for (let column = j; column < j + k; column++) sum += x[image + row * width + column]!;
        }
        pooled[at++] = sum / divisor;
      }
    }
  }
  return {
    ...dataset,
    x: pooled,
    exampleShape: [channels, rows, columns],
    ...(test ? { test: averagePool(test, k) } : {}),
  };
}
