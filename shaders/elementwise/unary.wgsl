// unary: y = f(x), element by element.
// Layout: x [elements], y [elements].
// Knobs: FUNCTION, see the numbers below; src/ops/elementwise.ts names them.
// Order: no sums.
// Cost: 1 to 30 flops, 8 bytes an output.

import package::shared::activation::rectified;
import package::shared::floats::isNan;
import package::shared::logarithm::{logOf, logOnePlusExp};

// knobs
const FUNCTION: u32 = 0u;
// end knobs

struct Params { elements: u32, factor: f32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// The functions that would lose a NaN: those made of exponentials, and those that ask for the sign.
const KEEPS_NAN = (FUNCTION >= 2u && FUNCTION <= 8u) || FUNCTION == 10u || FUNCTION >= 14u;

const SQRT_HALF = 0.7071067811865476;
const TWO_OVER_SQRT_PI = 1.1283791670955126;
const ONE_OVER_SQRT_2_PI = 0.3989422804014327;
const SQRT_2_OVER_PI = 0.7978845608028654;

// WGSL's own tanh may overflow inside; this one is exact to rounding at both ends.
fn tanhOf(v: f32) -> f32 {
  let a = abs(v);
  if (a < 0.25) {
    let s = v * v;
    return v * (1.0 + s * (-1.0 / 3.0 + s * (2.0 / 15.0 + s * (-17.0 / 315.0 + s * (62.0 / 2835.0)))));
  }
  let t = exp(-2.0 * a);
  return sign(v) * (1.0 - t) / (1.0 + t);
}

fn sigmoidOf(v: f32) -> f32 {
  let t = exp(-abs(v));
  return select(t, 1.0, v >= 0.0) / (1.0 + t);
}

// Maclaurin series to x^19 below 1, Abramowitz & Stegun 7.1.26 (error 1.5e-7) above.
fn erfOf(v: f32) -> f32 {
  let a = abs(v);
  let s = v * v;
  if (a < 1.0) {
    return TWO_OVER_SQRT_PI * v * (1.0 + s * (-1.0 / 3.0 + s * (1.0 / 10.0 + s * (-1.0 / 42.0 + s * (1.0 / 216.0
      + s * (-1.0 / 1320.0 + s * (1.0 / 9360.0 + s * (-1.0 / 75600.0 + s * (1.0 / 685440.0)))))))));
  }
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(v) * (1.0 - tail * exp(-s));
}

// WGSL's own is 1/inverseSqrt(v), which it leaves open at 0, infinity and below 0.
fn sqrtOf(v: f32) -> f32 {
  let bits = bitcast<u32>(v);
  if (bits > 0x80000000u) { return bitcast<f32>(bits | 0x7fc00000u); }
  return select(sqrt(v), v, bits == 0u || bits == 0x80000000u || bits == 0x7f800000u);
}

// By bits: a number below 2⁻¹²⁶, which a device may take for 0, has a sign too.
fn signOf(v: f32) -> f32 {
  let bits = bitcast<u32>(v);
  return select(bitcast<f32>((bits & 0x80000000u) | 0x3f800000u), 0.0, (bits & 0x7fffffffu) == 0u);
}

fn normalDensity(v: f32) -> f32 { return ONE_OVER_SQRT_2_PI * exp(-0.5 * v * v); }

fn f(v: f32) -> f32 {
  switch FUNCTION {
    case 0u: { return params.factor * v; }
    case 1u: { return rectified(v); }
    case 2u: { return tanhOf(v); }
    case 3u: { return sigmoidOf(v); }
    case 4u: { return 0.5 * v * (1.0 + erfOf(v * SQRT_HALF)); }
    case 5u: { return 0.5 * (1.0 + erfOf(v * SQRT_HALF)) + v * normalDensity(v); }
    case 6u: { return 0.5 * v * (1.0 + tanhOf(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v))); }
    case 7u: {
      let t = tanhOf(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v));
      return 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * SQRT_2_OVER_PI * (1.0 + 0.134145 * v * v);
    }
    case 8u: { return normalDensity(v); }
    case 9u: { return v * v; }
    case 10u: { return exp(v); }
    case 11u: { return 1.0 / v; }
    case 12u: { return inverseSqrt(v); }
    case 14u: { return logOf(v); }
    case 15u: { return sqrtOf(v); }
    case 16u: { return bitcast<f32>(bitcast<u32>(v) & 0x7fffffffu); }
    case 17u: { return signOf(v); }
    case 18u: { return rectified(v) + logOnePlusExp(abs(v)); }
    default: { return v + params.factor; }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let v = x[params.xOffset + group.z * params.xReplica + i];
  // WGSL leaves open what exp makes of a NaN (SwiftShader's is infinite): a NaN stays one, so that a diverged run is seen.
  y[params.yOffset + group.z * params.yReplica + i] = select(f(v), v, KEEPS_NAN && isNan(v));
}
