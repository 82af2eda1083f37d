// activation: what follows a product in its kernel, an activation or a mask, which multiplies by an activation's derivative.
// Both are numbered alike: 0 none, 1 ReLU, 2 tanh, 3 sigmoid. One number at a time, or with the condition vec4 four.

import package::shared::floats::isNan;

@if(vec4) alias Real = vec4f;
@else alias Real = f32;
@if(vec4) alias Bits = vec4u;
@else alias Bits = u32;

// By bits, for what compilers make of a comparison with 0 is a maximum, which drops a NaN (NVIDIA's, 580.159, 2026-11-27).
fn rectified(v: Real) -> Real {
  return select(v, Real(), (bitcast<Bits>(v) > Bits(0x80000000u)) & (bitcast<Bits>(v) <= Bits(0xff800000u)));
}

// WGSL leaves open what tanh and exp make of a NaN, and its tanh may overflow inside.
fn activated(v: Real, activation: u32) -> Real {
  if (activation == 1u) { return rectified(v); }
  if (activation == 2u) { return select(select(tanh(v), sign(v), abs(v) > Real(10.0)), v, isNan(v)); }
  if (activation == 3u) {
    let e = exp(-abs(v));
    return select(select(Real(1.0), e, Real() > v) / (1.0 + e), v, isNan(v));
  }
  return v;
}

// v times the derivative of a ReLU at its output.
fn passed(v: Real, output: Real) -> Real {
  return select(v, Real(), output <= Real());
}

// v times the derivative of an activation at its output.
fn masked(v: Real, output: Real, activation: u32) -> Real {
  if (activation == 1u) { return passed(v, output); }
  if (activation == 2u) { return v * (1.0 - output * output); }
  if (activation == 3u) { return v * (output * (1.0 - output)); }
  return v;
}
