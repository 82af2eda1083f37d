/** Axis i of the result is axis order[i] of x, of the given shape; row-major. */
export function permute(
  x: ArrayLike<number>,
  shape: readonly number[],
  order: readonly number[],
): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const places: number[] = [];
    let rest = i;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      places[axis] = rest % (shape[axis] as number);
      rest = Math.floor(rest / (shape[axis] as number));
    }
    let at = 0;
    for (const axis of order) at = at * (shape[axis] as number) + (places[axis] as number);
    y[at] = x[i] as number;
  }
  return y;
}
