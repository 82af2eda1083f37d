// binary: z = f(x, y), element by element.
// Layout: x, y, z [elements].
// Knobs: FUNCTION 0 x + y, 1 x − y, 2 x·y, and the backward of an activation, x its output's cotangent and y its
//   output: 3 ReLU, 4 Tanh, 5 Sigmoid; 6 x/y; 7 the cross-entropy of a logit x and the probability y.
// Order: no sums.
// Cost: 1 to 30 flops, 12 bytes an output.

import package::shared::logarithm::logOnePlusExp;

// knobs
const FUNCTION: u32 = 0u;
// end knobs

struct Params { elements: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32, zOffset: u32, zReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;

const TWO_TO_64 = 18446744073709551616.0;

// WGSL's quotient is right for 2⁻¹²⁶ ≤ |b| ≤ 2¹²⁶ only, a product with 1/b, which may be flushed to 0; scaling both is exact.
fn quotient(a: f32, b: f32) -> f32 {
  let size = abs(b);
  let large = size > TWO_TO_64;
  let small = size < 1.0 / TWO_TO_64;
  let s = select(select(1.0, TWO_TO_64, small), 1.0 / TWO_TO_64, large);
  return (a * s) / (b * s);
}

// log(1 + eᶻ) − y·z, in which nothing cancels for y from 0 to 1: |z|·y or |z|·(1 − y), and what is left of the logarithm.
fn binaryCrossEntropy(z: f32, y: f32) -> f32 {
  return abs(z) * select(y, 1.0 - y, z >= 0.0) + logOnePlusExp(abs(z));
}

fn f(a: f32, b: f32) -> f32 {
  switch FUNCTION {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return select(0.0, a, b > 0.0); }
    case 4u: { return a * (1.0 - b * b); }
    case 5u: { return a * b * (1.0 - b); }
    case 6u: { return quotient(a, b); }
    default: { return binaryCrossEntropy(a, b); }
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
  z[params.zOffset + group.z * params.zReplica + i] = f(
    x[params.xOffset + group.z * params.xReplica + i],
    y[params.yOffset + group.z * params.yReplica + i],
  );
}
