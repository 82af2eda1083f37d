// logarithm: log to 4 units in the last place everywhere. WGSL's own is right to 2⁻²¹ between 1/2 and 2, where that may be all of
// it, and leaves open what it makes of 0, of negative numbers, of infinity and NaN.

// 0.693138122… with 8 bits free, so that its product with an exponent is exact, and the rest of log 2.
const LOG_2_HIGH = 0.693138122558594;
const LOG_2_LOW = 9.05800061e-6;

// log v = e·log 2 + log(1 + f), 1 + f in [√½, √2); log(1 + f) = f − s·(f − R), s = f/(2 + f), R = 2/3·s² + 2/5·s⁴ + …, written such
// that what is rounded is of second order in f. By bits also for numbers below 2⁻¹²⁶, which a device may take for 0.
fn logOf(v: f32) -> f32 {
  let given = bitcast<u32>(v);
  if ((given & 0x7fffffffu) == 0u) { return bitcast<f32>(given | 0xff800000u); }
  if (given > 0x80000000u) { return bitcast<f32>(given | 0x7fc00000u); }
  if (given >= 0x7f800000u) { return v; }
  let subnormal = given < 0x00800000u;
  let bits = bitcast<i32>(select(given, bitcast<u32>(f32(given)), subnormal));
  let exponent = (bits - 0x3f3504f3) >> 23u;
  let f = bitcast<f32>(bits - (exponent << 23u)) - 1.0;
  let e = f32(exponent) - select(0.0, 149.0, subnormal);
  let s = f / (2.0 + f);
  let z = s * s;
  let r = z * (2.0 / 3.0 + z * (2.0 / 5.0 + z * (2.0 / 7.0 + z * (2.0 / 9.0))));
  let half = 0.5 * f * f;
  return e * LOG_2_HIGH + (f - (half - (s * (half + r) + e * LOG_2_LOW)));
}

// log(1 + e^−a) for a ≥ 0: 2·atanh(t/(2 + t)) of t = e^−a, by its series to 15, all terms of one sign. At 104 t is 0.
fn logOnePlusExp(a: f32) -> f32 {
  let t = exp(-min(a, 104.0));
  let q = 1.0 / (2.0 + t);
  let s = t * q;
  let z = s * s;
  return t * (2.0 * q) * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0
    + z * (1.0 / 13.0 + z * (1.0 / 15.0))))))));
}
