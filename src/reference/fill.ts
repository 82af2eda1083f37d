/** `elements` times the value. */
export function fill(elements: number, value: number): Float64Array {
  return new Float64Array(elements).fill(value);
}
