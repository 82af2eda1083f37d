// matvec: a product with one row or one column, C[o] = sum over l of M[o, l] v[l], then bias, addend, activation or
//   activation mask; batches by strides, and parts of k into slices of C (split-K). For GPUs: each output's k is
//   shared out among the lanes of a workgroup.
// Layout: M[o, l] = a[o out + l step] and v dense in b, or with MATRIX_B M in b and v in a; c, y and addend
//   [outputs], bias [outputs], or [1] where biasStep is 0. Product p of `batches`, outer and inner index (p / inner,
//   p % inner), reads a and b that many times aOuter + aInner (bOuter + bInner) on, takes kLength of the k from p
//   kStride on, and writes c p times cBatch on. Replica r is workgroup_id.z.
// Knobs: THREADS invocations a workgroup, LANES of them (a power of two) an output. K_FIRST: neighbouring
//   invocations take neighbouring k, for k contiguous; else neighbouring outputs. BIAS, ADDEND: add bias[o],
//   addend[o]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the derivative of that activation at
//   its output y (numbered alike).
// Order: a lane adds each LANES-th k in four accumulators, taken in turn, and those as (0 + 1) + (2 + 3); lanes are
//   added in halves: lane i and lane i + LANES / 2, and so on.
// Cost: 2 k flops and 4 k bytes an output, each element of M read once; 4 THREADS bytes of workgroup memory.

import package::shared::activation::{activated, masked};

// knobs
const THREADS: u32 = 128u;
const LANES: u32 = 32u;
const K_FIRST: bool = true;
const MATRIX_B: bool = false;
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  outputs: u32, k: u32, out: u32, step: u32, biasStep: u32,
  batches: u32, inner: u32, kStride: u32, kLength: u32, cBatch: u32,
  aOuter: u32, aInner: u32, bOuter: u32, bInner: u32,
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

const OUTPUTS: u32 = THREADS / LANES;
var<workgroup> partial: array<f32, THREADS>;

@compute @workgroup_size(THREADS) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let tiles = (params.outputs + OUTPUTS - 1u) / OUTPUTS;
  let index = group.x + group.y * groups.x;
  if (index >= tiles * params.batches) { return; }
  let p = index / tiles;
  let outer = p / params.inner;
  let inner = p % params.inner;
  let lane = select(local / OUTPUTS, local % LANES, K_FIRST);
  let mine = select(local % OUTPUTS, local / LANES, K_FIRST);
  let o = index % tiles * OUTPUTS + mine;
  let first = p * params.kStride;
  let last = min(params.k, first + params.kLength);
  let aBase = params.aOffset + r * params.aReplica + outer * params.aOuter + inner * params.aInner;
  let bBase = params.bOffset + r * params.bReplica + outer * params.bOuter + inner * params.bInner;
  let row = min(o, params.outputs - 1u) * params.out;
  let step = params.step;

  var sums: vec4f;
  for (var l = first + lane; l < last; l += 4u * LANES) {
    // unroll
    for (var s = 0u; s < 4u; s++) {
      let at = l + s * LANES;
      if (at < last) {
        if (MATRIX_B) { sums[s] += a[aBase + at] * b[bBase + row + at * step]; }
        else { sums[s] += a[aBase + row + at * step] * b[bBase + at]; }
      }
    }
  }
  let slot = mine * LANES + lane;
  partial[slot] = (sums.x + sums.y) + (sums.z + sums.w);
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[slot] += partial[slot + half]; }
    workgroupBarrier();
  }
  if (local < OUTPUTS) {
    let at = index % tiles * OUTPUTS + local;
    if (at < params.outputs) {
      var v = partial[local * LANES];
      if (BIAS) { v += bias[params.biasOffset + r * params.biasReplica + at * params.biasStep]; }
      if (ADDEND) { v += addend[params.addendOffset + r * params.addendReplica + at]; }
      if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
      if (MASK != 0u) { v = masked(v, y[params.yOffset + r * params.yReplica + at], MASK); }
      c[params.cOffset + r * params.cReplica + p * params.cBatch + at] = v;
    }
  }
}
