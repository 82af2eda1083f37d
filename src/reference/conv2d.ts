/** Extents of a convolution: images [images, channels, height, width], weight [outChannels, channels, …kernel]. */
export interface Conv2dExtents {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outChannels: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** H' and W'. */
export function conv2dPositions({ height, width, kernel, stride, padding }: Conv2dExtents): [number, number] {
  return [
    Math.floor((height + 2 * padding[0] - kernel[0]) / stride[0]) + 1,
    Math.floor((width + 2 * padding[1] - kernel[1]) / stride[1]) + 1,
  ];
}

/** Calls `visit` with the places of dy (or y), w and x that are multiplied with each other, in row-major order of dy. */
function products(e: Conv2dExtents, visit: (y: number, w: number, x: number) => void): void {
  const [outHeight, outWidth] = conv2dPositions(e);
  const [kernelHeight, kernelWidth] = e.kernel;
  for (let n = 0; n < e.images; n++) {
    for (let o = 0; o < e.outChannels; o++) {
      for (let p = 0; p < outHeight; p++) {
        for (let q = 0; q < outWidth; q++) {
          const y = ((n * e.outChannels + o) * outHeight + p) * outWidth + q;
          for (let c = 0; c < e.channels; c++) {
            for (let i = 0; i < kernelHeight; i++) {
              const row = p * e.stride[0] + i - e.padding[0];
              if (row < 0 || row >= e.height) continue;
              for (let j = 0; j < kernelWidth; j++) {
                const column = q * e.stride[1] + j - e.padding[1];
                if (column < 0 || column >= e.width) continue;
                const w = ((o * e.channels + c) * kernelHeight + i) * kernelWidth + j;
                visit(y, w, ((n * e.channels + c) * e.height + row) * e.width + column);
              }
            }
          }
        }
      }
    }
  }
}

/** y [N, O, H', W'] of x [N, C, H, W], w [O, C, kh, kw] and b [O] (or null), in float64. */
export function conv2d(
  e: Conv2dExtents,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number> | null = null,
): Float64Array {
  const [outHeight, outWidth] = conv2dPositions(e);
  const plane = outHeight * outWidth;
  const y = Float64Array.from({ length: e.images * e.outChannels * plane }, (_, at) =>
    b ? (b[Math.floor(at / plane) % e.outChannels] as number) : 0,
  );
  products(e, (to, tap, from) => {
    y[to] = (y[to] as number) + (w[tap] as number) * (x[from] as number);
  });
  return y;
}

/** dx [N, C, H, W] of dy [N, O, H', W'] and w, in float64. */
export function conv2dInputGradient(
  e: Conv2dExtents,
  dy: ArrayLike<number>,
  w: ArrayLike<number>,
): Float64Array {
  const dx = new Float64Array(e.images * e.channels * e.height * e.width);
  products(e, (from, tap, to) => {
    dx[to] = (dx[to] as number) + (w[tap] as number) * (dy[from] as number);
  });
  return dx;
}

/** dw [O, C, kh, kw] of x [N, C, H, W] and dy [N, O, H', W'], in float64. */
export function conv2dWeightGradient(
  e: Conv2dExtents,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  const dw = new Float64Array(e.outChannels * e.channels * e.kernel[0] * e.kernel[1]);
  products(e, (d, to, from) => {
    dw[to] = (dw[to] as number) + (dy[d] as number) * (x[from] as number);
  });
  return dw;
}

/** db [O] of dy [N, O, H', W'], in float64. */
export function conv2dBiasGradient(e: Conv2dExtents, dy: ArrayLike<number>): Float64Array {
  const [outHeight, outWidth] = conv2dPositions(e);
  const db = new Float64Array(e.outChannels);
  for (let at = 0; at < dy.length; at++) {
    const o = Math.floor(at / (outHeight * outWidth)) % e.outChannels;
    db[o] = (db[o] as number) + (dy[at] as number);
  }
  return db;
}
