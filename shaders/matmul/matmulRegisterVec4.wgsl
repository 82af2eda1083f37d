// matmulRegisterVec4: C = A op(B), then bias, activation or activation mask, in tiles of registers. K and n divisible by 4.
// Variants: matmulNNVec4 (vec4 NN), matmulNTVec4 (vec4 NT). C = A B, A Bᵀ; Aᵀ B is matmulTNVec4's.
// Layout: a [m, k]; b [k, n], or [n, k] in NT; c [m, n], bias [n], y [m, n], row-major and dense; all in fours. Replica r is
//   workgroup_id.z.
// Knobs: 8 by 8 invocations a workgroup, TILE_M rows by 4 FOURS_N columns an invocation; its fours are 8
//   apart, so that neighbouring invocations touch neighbouring fours. BIAS: add bias[col]. ACTIVATION: 0
//   none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the derivative of that activation at its output y
//   (numbered alike).
// Order: one accumulator an output, k ascending; in NT the products of four consecutive k are summed first.
// Cost: 2 k flops and (1 / TILE_M + 1 / (4 FOURS_N)) 4 k bytes an output, before caches. No workgroup memory.

import package::shared::activation::{activated, masked};

// knobs
const TILE_M: u32 = 4u;
const FOURS_N: u32 = 1u;
const BIAS: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> y: array<vec4f>;

fn finish(value: vec4f, r: u32, row: u32, four: u32) -> vec4f {
  var v = value;
  if (BIAS) { v += bias[(params.biasOffset + r * params.biasReplica) / 4u + four]; }
  if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
  if (MASK != 0u) { v = masked(v, y[(params.yOffset + r * params.yReplica + row * params.n) / 4u + four], MASK); }
  return v;
}

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + 32u * FOURS_N - 1u) / (32u * FOURS_N);
  let tiles = across * ((params.m + 8u * TILE_M - 1u) / (8u * TILE_M));
  let index = group.x + group.y * groups.x;
  if (index >= tiles) { return; }
  let aBase = (params.aOffset + r * params.aReplica) / 4u;
  let bBase = (params.bOffset + r * params.bReplica) / 4u;
  let cBase = (params.cOffset + r * params.cReplica) / 4u;
  let fours = params.n / 4u;
  let aStep = params.k / 4u;
  let row0 = index / across * (8u * TILE_M) + local / 8u;
  let four0 = index % across * (8u * FOURS_N) + local % 8u;

  var aAt: array<u32, TILE_M>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { aAt[i] = aBase + min(row0 + 8u * i, params.m - 1u) * aStep; }
  var bAt: array<u32, FOURS_N>;
  // unroll
  for (var j = 0u; j < FOURS_N; j++) {
    let four = min(four0 + 8u * j, fours - 1u);
    @if(NT) bAt[j] = bBase + 4u * four * aStep;
    @else bAt[j] = bBase + four;
  }

  var sum: array<array<vec4f, FOURS_N>, TILE_M>;
  var bl: array<mat4x4f, FOURS_N>;
  for (var l = 0u; l < aStep; l++) {
    // unroll
    for (var j = 0u; j < FOURS_N; j++) {
      @if(NT) let at = bAt[j] + l;
      @else let at = bAt[j] + 4u * l * fours;
      @if(NT) let step = aStep;
      @else let step = fours;
      bl[j] = mat4x4f(b[at], b[at + step], b[at + 2u * step], b[at + 3u * step]);
    }
    // unroll
    for (var i = 0u; i < TILE_M; i++) {
      let x = a[aAt[i] + l];
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        @if(NT) sum[i][j] += x * bl[j];
        @else sum[i][j] += bl[j] * x;
      }
    }
  }

  // unroll
  for (var i = 0u; i < TILE_M; i++) {
    let row = row0 + 8u * i;
    if (row < params.m) {
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        let four = four0 + 8u * j;
        if (four < fours) { c[cBase + row * fours + four] = finish(sum[i][j], r, row, four); }
      }
    }
  }
}
