// matvecRegister: a product with one row or one column, C[o] = sum over l of M[o, l] v[l], then bias, addend,
//   activation or activation mask. For adapters that compute on the CPU: no barrier, no workgroup memory.
// Layout: M[o, l] = a[o out + l step] and v dense in b, or with MATRIX_B M in b and v in a; c, y and addend
//   [outputs], bias [outputs], or [1] where biasStep is 0. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, OUTPUTS outputs an invocation, ceil(outputs / OUTPUTS) apart. BIAS, ADDEND:
//   add bias[o], addend[o]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the derivative of that
//   activation at its output y (numbered alike).
// Order: one accumulator an output; products of four consecutive k are summed first, k ascending.
// Cost: 2 k flops and 4 (1 + 1 / OUTPUTS) k bytes an output.

import package::shared::activation::{activated, masked};

// knobs
const WIDTH: u32 = 16u;
const OUTPUTS: u32 = 4u;
const MATRIX_B: bool = false;
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  outputs: u32, k: u32, out: u32, step: u32, biasStep: u32,
  aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, addendOffset: u32, addendReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;
@group(0) @binding(6) var<storage, read> addend: array<f32>;

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let apart = (params.outputs + OUTPUTS - 1u) / OUTPUTS;
  let o = (group.x + group.y * groups.x) * WIDTH + local;
  if (o >= apart) { return; }
  let aBase = params.aOffset + r * params.aReplica;
  let bBase = params.bOffset + r * params.bReplica;
  let vBase = select(bBase, aBase, MATRIX_B);
  let mBase = select(aBase, bBase, MATRIX_B);

  var at: array<u32, OUTPUTS>;
  // unroll
  for (var i = 0u; i < OUTPUTS; i++) { at[i] = mBase + min(o + i * apart, params.outputs - 1u) * params.out; }
  var sum: array<f32, OUTPUTS>;
  let step = params.step;
  let whole = params.k / 4u * 4u;
  for (var l = 0u; l < whole; l += 4u) {
    let lv = vBase + l;
    let lm = l * step;
    if (MATRIX_B) {
      let v = vec4f(a[lv], a[lv + 1u], a[lv + 2u], a[lv + 3u]);
      // unroll
      for (var i = 0u; i < OUTPUTS; i++) {
        let x = at[i] + lm;
        sum[i] += dot(v, vec4f(b[x], b[x + step], b[x + 2u * step], b[x + 3u * step]));
      }
    } else {
      let v = vec4f(b[lv], b[lv + 1u], b[lv + 2u], b[lv + 3u]);
      // unroll
      for (var i = 0u; i < OUTPUTS; i++) {
        let x = at[i] + lm;
        sum[i] += dot(v, vec4f(a[x], a[x + step], a[x + 2u * step], a[x + 3u * step]));
      }
    }
  }
  for (var l = whole; l < params.k; l++) {
    // unroll
    for (var i = 0u; i < OUTPUTS; i++) {
      if (MATRIX_B) { sum[i] += a[vBase + l] * b[at[i] + l * step]; }
      else { sum[i] += b[vBase + l] * a[at[i] + l * step]; }
    }
  }

  // Through an array that stays rolled: the epilogue is compiled once, not once an output.
  var totals: array<f32, OUTPUTS>;
  // unroll
  for (var i = 0u; i < OUTPUTS; i++) { totals[i] = sum[i]; }
  for (var i = 0u; i < OUTPUTS; i++) {
    let mine = o + i * apart;
    if (mine >= params.outputs) { break; }
    var v = totals[i];
    if (BIAS) { v += bias[params.biasOffset + r * params.biasReplica + mine * params.biasStep]; }
    if (ADDEND) { v += addend[params.addendOffset + r * params.addendReplica + mine]; }
    if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
    if (MASK != 0u) { v = masked(v, y[params.yOffset + r * params.yReplica + mine], MASK); }
    c[params.cOffset + r * params.cReplica + mine] = v;
  }
}
