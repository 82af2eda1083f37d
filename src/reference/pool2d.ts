/** Extents of a pooling: `planes` images (batch and channels together) of [height, width]. */
export interface Pool2dExtents {
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** Calls `visit` with each window and each pixel of the plane that it holds, both counted over all planes. */
function windows(
  { planes, height, width, kernel, stride, padding }: Pool2dExtents,
  visit: (window: number, pixel: number) => void,
): number {
  const outHeight = Math.floor((height + 2 * padding[0] - kernel[0]) / stride[0]) + 1;
  const outWidth = Math.floor((width + 2 * padding[1] - kernel[1]) / stride[1]) + 1;
  for (let window = 0; window < planes * outHeight * outWidth; window++) {
    const plane = Math.floor(window / (outHeight * outWidth));
    const top = (Math.floor(window / outWidth) % outHeight) * stride[0] - padding[0];
    const left = (window % outWidth) * stride[1] - padding[1];
    for (let row = Math.max(0, top); row < Math.min(height, top + kernel[0]); row++) {
      for (let column = Math.max(0, left); column < Math.min(width, left + kernel[1]); column++) {
        visit(window, (plane * height + row) * width + column);
      }
    }
  }
  return planes * outHeight * outWidth;
}

/**
 * Largest element of each window, and where it lies, row·width + column in its plane: the first of equal ones, and the
 * last NaN if there is one.
 */
export function maxPool2d(
  e: Pool2dExtents,
  x: ArrayLike<number>,
): { readonly y: Float64Array; readonly indices: Uint32Array } {
  const best = new Map<number, number>();
  const count = windows(e, (window, pixel) => {
    const at = best.get(window);
    const [value, before] = [x[pixel] as number, at === undefined ? 0 : (x[at] as number)];
    if (at === undefined || value > before || Number.isNaN(value)) best.set(window, pixel);
  });
  const chosen = Array.from({ length: count }, (_, window) => best.get(window) as number);
  return {
    y: Float64Array.from(chosen, (pixel) => x[pixel] as number),
    indices: Uint32Array.from(chosen, (pixel) => pixel % (e.height * e.width)),
  };
}

/** Gradient of a max pooling: dy of each window, added where the window's largest element was. */
export function maxPool2dGradient(
  e: Pool2dExtents,
  indices: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  const dx = new Float64Array(e.planes * e.height * e.width);
  const perPlane = dy.length / e.planes;
  for (let window = 0; window < dy.length; window++) {
    const to = Math.floor(window / perPlane) * e.height * e.width + (indices[window] as number);
    dx[to] = (dx[to] as number) + (dy[window] as number);
  }
  return dx;
}

/** Mean of each window, zeros outside the image counted. */
export function avgPool2d(e: Pool2dExtents, x: ArrayLike<number>): Float64Array {
  const sums: number[] = [];
  const count = windows(e, (window, pixel) => {
    sums[window] = (sums[window] ?? 0) + (x[pixel] as number);
  });
  return Float64Array.from(
    { length: count },
    (_, window) => (sums[window] ?? 0) / (e.kernel[0] * e.kernel[1]),
  );
}

/** Gradient of an average pooling. */
export function avgPool2dGradient(e: Pool2dExtents, dy: ArrayLike<number>): Float64Array {
  const dx = new Float64Array(e.planes * e.height * e.width);
  windows(e, (window, pixel) => {
    dx[pixel] = (dx[pixel] as number) + (dy[window] as number) / (e.kernel[0] * e.kernel[1]);
  });
  return dx;
}
