/** Bins of equal width; what lies outside counts in the first or the last. */
interface Bins {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** In float32, as kernels have it: a difference that is exact there has one answer. */
function place(value: number, { from, to, count }: Bins): number {
  const at = Math.fround(Math.fround(value - Math.fround(from)) * Math.fround(count / (to - from)));
  return Math.trunc(Math.min(Math.max(at, 0), count - 1));
}

/** Counts of g(n, p) of all examples and parameters; the last is of what is no finite number. */
function tally(
  g: (n: number, p: number) => number,
  w: ArrayLike<number> | null,
  { batch, parameters }: { batch: number; parameters: number },
  gradient: Bins,
  parameter: Bins,
): Float64Array {
  const counts = new Float64Array(gradient.count * parameter.count + 1);
  for (let p = 0; p < parameters; p++) {
    const value = w ? (w[p] as number) : 0;
    const row = w && Number.isFinite(value) ? place(value, parameter) * gradient.count : 0;
    for (let n = 0; n < batch; n++) {
      const element = Math.fround(g(n, p));
      const known = Number.isFinite(value) && Number.isFinite(element);
      counts[known ? row + place(element, gradient) : counts.length - 1]!++;
    }
  }
  return counts;
}

const ONE: Bins = { from: 0, to: 1, count: 1 };

/**
 * Counts of g[n, l, k] = delta[n, l]·x[n, k] in bins of its value, in rows of the parameter's own bins where there is a w.
 * A product that is exact in float32 has one answer.
 */
export function histogram(
  x: ArrayLike<number>,
  delta: ArrayLike<number>,
  w: ArrayLike<number> | null,
  { batch, outputs, inputs }: { batch: number; outputs: number; inputs: number },
  gradient: Bins,
  parameter = ONE,
): Float64Array {
  const g = (n: number, p: number): number =>
    (delta[n * outputs + Math.floor(p / inputs)] as number) * (x[n * inputs + (p % inputs)] as number);
  return tally(g, w, { batch, parameters: outputs * inputs }, gradient, parameter);
}

/**
 * Counts of the gradients of a convolution's weight, one a unit of `unitSize` consecutive images: the sum over their positions
 * of dy [N, O, H', W'] times patches of x [N, C, H, W], which are zero outside the image. Sums that are exact in float32 have one answer.
 */
export function convHistogram(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  w: ArrayLike<number> | null,
  e: {
    readonly images: number;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    readonly outChannels: number;
    readonly kernel: readonly [number, number];
    readonly stride: readonly [number, number];
    readonly padding: readonly [number, number];
    readonly unitSize: number;
  },
  gradient: Bins,
  parameter = ONE,
): Float64Array {
  const [kernelHeight, kernelWidth] = e.kernel;
  const outHeight = Math.floor((e.height + 2 * e.padding[0] - kernelHeight) / e.stride[0]) + 1;
  const outWidth = Math.floor((e.width + 2 * e.padding[1] - kernelWidth) / e.stride[1]) + 1;
  const parameters = e.outChannels * e.channels * kernelHeight * kernelWidth;
  const g = (unit: number, parameterIndex: number): number => {
    const j = parameterIndex % kernelWidth;
    const i = Math.floor(parameterIndex / kernelWidth) % kernelHeight;
    const c = Math.floor(parameterIndex / (kernelWidth * kernelHeight)) % e.channels;
    const o = Math.floor(parameterIndex / (kernelWidth * kernelHeight * e.channels));
    let sum = 0;
    for (let n = unit * e.unitSize; n < (unit + 1) * e.unitSize; n++) {
      for (let p = 0; p < outHeight; p++) {
        for (let q = 0; q < outWidth; q++) {
          const row = p * e.stride[0] + i - e.padding[0];
          const column = q * e.stride[1] + j - e.padding[1];
          const inside = row >= 0 && row < e.height && column >= 0 && column < e.width;
          const at = ((n * e.channels + c) * e.height + row) * e.width + column;
          const pixel = inside ? (x[at] as number) : 0;
          sum += (dy[((n * e.outChannels + o) * outHeight + p) * outWidth + q] as number) * pixel;
        }
      }
    }
    return sum;
  };
  return tally(g, w, { batch: e.images / e.unitSize, parameters }, gradient, parameter);
}
