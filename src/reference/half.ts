/** The bits of a number rounded to float16: to nearest, ties to even, infinite from 65520 on. */
export function halfBits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= 65520) return sign | 0x7c00;
  // Units of the last place: 2⁻²⁴ below 2⁻¹⁴, else 2⁻¹⁰ of the power of two below.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const units = size / 2 ** (exponent - 10);
  const low = Math.floor(units);
  const rest = units - low;
  const rounded = low + (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? 1 : 0);
  // Normal numbers have a leading one of 1024 units; a carry goes on into the exponent by itself.
  return sign | (rounded + 1024 * (exponent + 14));
}

/** The number that sixteen bits stand for. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
