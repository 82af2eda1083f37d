import { expect, test } from 'vitest';
import { avgPool2d } from '../../src/ops/avgPool2d.ts';
import { avgPool2dGradient, poolScatter, window2d } from '../../src/ops/index.ts';
import { maxPool2d } from '../../src/ops/maxPool2d.ts';
import * as reference from '../../src/reference/pool2d.ts';
import { evaluate, randomValues } from './trace.ts';

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

const CASES: Case[] = [
  { shape: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
  { shape: [2, 3, 8, 8], kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  { shape: [1, 5, 7, 9], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { shape: [3, 2, 11, 6], kernel: [2, 5], stride: [1, 3], padding: [1, 2] },
  { shape: [5, 1, 13, 13], kernel: [3, 2], stride: [1, 1], padding: [0, 1] },
  { shape: [2, 7, 10, 5], kernel: [2, 2], stride: [3, 4], padding: [0, 0] },
  { shape: [33, 4, 6, 6], kernel: [6, 6], stride: [6, 6], padding: [3, 3] },
];

const extents = ({ shape: [n, c, height, width], ...rest }: Case): reference.Pool2dExtents => ({
  planes: n * c,
  height,
  width,
  ...rest,
});

test.for(CASES)(
  'pooling of %o and its gradients are those of the float64 loops, on three replicas',
  async (e) => {
    const [n, c, height, width] = e.shape;
    // Many equal elements, so that the first of them must win.
    const x = [1, 2, 3].map((seed) =>
      randomValues(n * c * height * width, seed).map((v) => Math.round(3 * v)),
    );
    const outputs = reference.avgPool2d(extents(e), x[0]!).length;
    const positions = [
      Math.floor((height + 2 * e.padding[0] - e.kernel[0]) / e.stride[0]) + 1,
      Math.floor((width + 2 * e.padding[1] - e.kernel[1]) / e.stride[1]) + 1,
    ];
    const d = [4, 5, 6].map((seed) => randomValues(outputs, seed));
    const run = (): Promise<Float32Array[][]> =>
      evaluate(
        [
          { shape: e.shape, values: x },
          { shape: [n, c, ...positions], values: d },
        ],
        ([xs, ds]) => {
          const window = window2d('test', e.kernel, e);
          const y = maxPool2d(xs!, e.kernel, e);
          const indices = y.node.outputs[1]!;
          return [
            y,
            indices,
            poolScatter(ds!, indices, window, [height, width]),
            avgPool2d(xs!, e.kernel, e),
            avgPool2dGradient(ds!, window, [height, width]),
          ];
        },
        3,
      );
    const [y, indices, dx, average, averageGradient] = (await run()) as [
      Float32Array[],
      Float32Array[],
      Float32Array[],
      Float32Array[],
      Float32Array[],
    ];
    for (let r = 0; r < 3; r++) {
      const expected = reference.maxPool2d(extents(e), x[r]!);
      expect(Array.from(y[r]!)).toEqual(Array.from(expected.y));
      expect(integers(indices[r]!)).toEqual(Array.from(expected.indices));
      expectClose(dx[r]!, reference.maxPool2dGradient(extents(e), expected.indices, d[r]!));
      expectClose(average[r]!, reference.avgPool2d(extents(e), x[r]!));
      expectClose(averageGradient[r]!, reference.avgPool2dGradient(extents(e), d[r]!));
    }
    expect(await run()).toEqual([y, indices, dx, average, averageGradient]);
  },
);

/** A state is read as float32, whatever it holds. */
function integers(values: Float32Array): number[] {
  return Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));
}

function expectClose(found: ArrayLike<number>, expected: Float64Array): void {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs), 1);
  // At most a window's elements, or an element's windows, are added up: 36 roundings.
  expect(Math.max(...expected.map((v, i) => Math.abs(v - found[i]!)))).toBeLessThan(36 * 2 ** -24 * scale);
}

test('a NaN is the largest of its window, and a window of −∞ chooses its first element', async () => {
  const nan = Number.NaN;
  const none = Number.NEGATIVE_INFINITY;
  const values = Float32Array.of(1, nan, 5, 6, nan, 2, 7, 6, none, none, 0, -0, none, none, -1, -2);
  const [y, indices] = await evaluate([{ shape: [1, 1, 4, 4], values }], ([x]) => {
    const { outputs } = maxPool2d(x!, [2, 2]).node;
    return [outputs[0]!, outputs[1]!];
  });
  expect(Array.from(y![0]!)).toEqual([nan, 7, none, 0]);
  expect(integers(indices![0]!)).toEqual([4, 6, 8, 10]);
});

test('a padding of more than half the window is refused', async () => {
  const image = { shape: [1, 1, 5, 5], values: randomValues(25, 1) };
  await expect(evaluate([image], ([x]) => [maxPool2d(x!, [2, 3], { padding: [2, 1] })])).rejects.toThrow(
    /maxPool2d: padding is \[2, 1\], expected at most half of the window \[2, 3\]/,
  );
  await expect(evaluate([{ ...image, shape: [1, 25] }], ([x]) => [avgPool2d(x!, [2, 2])])).rejects.toThrow(
    /avgPool2d: x has shape \[1, 25\], expected \[N, C, H, W\]/,
  );
});
