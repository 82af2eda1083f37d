import { expect, test } from 'vitest';
import { conv2dWeightGradient } from '../../src/ops/conv2dWeightGradient.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { convMoments } from '../../src/ops/perExample/convMoments.ts';
import { denseMoments } from '../../src/ops/perExample/denseMoments.ts';
import { scale } from '../../src/ops/scale.ts';
import { window2d } from '../../src/ops/window2d.ts';
import { conv2dWeightGradient as weightGradient } from '../../src/reference/conv2d.ts';
import { matmul as product } from '../../src/reference/matmul.ts';
import { evaluate, randomValues } from './trace.ts';

/** Root of the mean square of what is found less what is wanted. */
function rms(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const squares = Array.from(wanted, (w, i) => (found[i]! - w) ** 2);
  return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
}

// Both orders round at random: of four thousand and more coordinates the roots of their mean squares are known to 1 or 2 %.
const CHANCE = 1.05;

/** Examples whose gradients have mean 0, or one that is 10⁴ times their noise. */
const MEANS = [
  ['noise alone', (v: number) => v],
  ['a mean of 10⁴ times the noise', (v: number) => 1 + 1e-4 * v],
] as const;

test.for([64, 200, 512].flatMap((batch) => MEANS.map(([of, value]) => [batch, of, value] as const)))(
  'the gradient beside dense moments of %i examples is as accurate as the product alone: %s',
  async ([batch, , value]) => {
    const [inputs, outputs] = [128, 36];
    const x = randomValues(batch * inputs, 1).map(value);
    const d = randomValues(batch * outputs, 2).map(value);
    const shape = { m: outputs, n: inputs, k: batch };
    const wanted = product('TN', d, x, shape).map((sum) => sum / batch);
    const [moments, plain] = await evaluate(
      [
        { shape: [batch, inputs], values: x },
        { shape: [batch, outputs], values: d },
      ],
      ([X, D]) => [denseMoments(X!, D!, false).gradient[0]!, scale(matmul('TN', D!, X!), 1 / batch)],
    );
    expect(rms(moments![0]!, wanted)).toBeLessThan(CHANCE * rms(plain![0]!, wanted));
  },
);

test.for([8, 14].flatMap((size) => MEANS.map(([of, value]) => [size, of, value] as const)))(
  'the gradient beside moments of a convolution on %i × itself is as accurate as the gradient alone: %s',
  async ([size, , value]) => {
    const [images, channels, outChannels] = [64, 32, 16];
    const window = window2d('test', [3, 3], { stride: [1, 1], padding: [1, 1] });
    const x = randomValues(images * channels * size * size, 1).map(value);
    const d = randomValues(images * outChannels * size * size, 2).map(value);
    const extents = { images, channels, height: size, width: size, outChannels };
    const square = { kernel: [3, 3], stride: [1, 1], padding: [1, 1] } as const;
    const wanted = weightGradient({ ...extents, ...square }, x, d).map((sum) => sum / images);
    const [moments, plain] = await evaluate(
      [
        { shape: [images, channels, size, size], values: x },
        { shape: [images, outChannels, size, size], values: d },
      ],
      ([X, D]) => [
        convMoments(X!, D!, window).gradient,
        scale(conv2dWeightGradient(X!, D!, window), 1 / images),
      ],
    );
    expect(rms(moments![0]!, wanted)).toBeLessThan(CHANCE * rms(plain![0]!, wanted));
  },
);
