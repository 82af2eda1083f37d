/** The unit vector with `elements` coordinates along places[at]; zeros past the last place. */
export function unitVector(places: ArrayLike<number>, elements: number, at: number): Float64Array {
  const y = new Float64Array(elements);
  if (at < places.length) y[places[at]!] = 1;
  return y;
}
