/** Of row t of each matrix [places, places] the softmax over its columns up to t, and 0 behind them; in float64. */
export function softmaxCausal(z: ArrayLike<number>, places: number): Float64Array {
  const p = new Float64Array(z.length);
  for (let row = 0; row * places < z.length; row++) {
    const base = row * places;
    const last = row % places;
    let top = -Infinity;
    for (let c = 0; c <= last; c++) top = Math.max(top, z[base + c] as number);
    let total = 0;
    for (let c = 0; c <= last; c++) total += Math.exp((z[base + c] as number) - top);
    for (let c = 0; c <= last; c++) p[base + c] = Math.exp((z[base + c] as number) - top) / total;
  }
  return p;
}
