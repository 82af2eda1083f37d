// matmulTNVec4: C = Aᵀ B, then bias, activation or activation mask. M and n divisible by 4.
// Variants: matmulTNVec4 (vec4).
// Layout: a [k, m], b [k, n], c [m, n], bias [n], y [m, n], row-major and dense; all in fours. Replica r is
//   workgroup_id.z.
// Knobs: 8 by 8 invocations a workgroup, 4 FOURS_M rows by 4 FOURS_N columns an invocation; its fours are 8
//   apart, so that neighbouring invocations touch neighbouring fours. BIAS: add bias[col]. ACTIVATION: 0
//   none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the derivative of that activation at its output y
//   (numbered alike). COLUMN_SUM: also c[columnSumOffset + i] = sum over l of a[l, i], by ceil(m / 256)
//   workgroups after the tiles' own.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and (1 / (4 FOURS_M) + 1 / (4 FOURS_N)) 4 k bytes an output, before caches. No workgroup
//   memory.

import package::shared::activation::{activated, masked};

// knobs
const FOURS_M: u32 = 1u;
const FOURS_N: u32 = 1u;
const BIAS: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
const COLUMN_SUM: bool = false;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, columnSumOffset: u32,
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

fn sumFourColumns(r: u32, four: u32) {
  if (4u * four >= params.m) { return; }
  let at = (params.aOffset + r * params.aReplica) / 4u + four;
  var total = vec4f();
  for (var l = 0u; l < params.k; l++) { total += a[at + l * (params.m / 4u)]; }
  c[(params.columnSumOffset + r * params.cReplica) / 4u + four] = total;
}

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + 32u * FOURS_N - 1u) / (32u * FOURS_N);
  let tiles = across * ((params.m + 32u * FOURS_M - 1u) / (32u * FOURS_M));
  let index = group.x + group.y * groups.x;
  if (COLUMN_SUM && index >= tiles) {
    sumFourColumns(r, (index - tiles) * 64u + local);
    return;
  }
  if (index >= tiles) { return; }
  let aBase = (params.aOffset + r * params.aReplica) / 4u;
  let bBase = (params.bOffset + r * params.bReplica) / 4u;
  let cBase = (params.cOffset + r * params.cReplica) / 4u;
  let fours = params.n / 4u;
  let aStep = params.m / 4u;
  let up0 = index / across * (8u * FOURS_M) + local / 8u;
  let four0 = index % across * (8u * FOURS_N) + local % 8u;

  var aAt: array<u32, FOURS_M>;
  var bAt: array<u32, FOURS_N>;
  // unroll
  for (var i = 0u; i < FOURS_M; i++) { aAt[i] = aBase + min(up0 + 8u * i, aStep - 1u); }
  // unroll
  for (var j = 0u; j < FOURS_N; j++) { bAt[j] = bBase + min(four0 + 8u * j, fours - 1u); }

  var sum: array<array<array<vec4f, FOURS_N>, 4>, FOURS_M>;
  var bl: array<vec4f, FOURS_N>;
  for (var l = 0u; l < params.k; l++) {
    // unroll
    for (var j = 0u; j < FOURS_N; j++) { bl[j] = b[bAt[j] + l * fours]; }
    // unroll
    for (var i = 0u; i < FOURS_M; i++) {
      let x = a[aAt[i] + l * aStep];
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        sum[i][0u][j] += x.x * bl[j];
        sum[i][1u][j] += x.y * bl[j];
        sum[i][2u][j] += x.z * bl[j];
        sum[i][3u][j] += x.w * bl[j];
      }
    }
  }

  // unroll
  for (var i = 0u; i < FOURS_M; i++) {
    let row0 = 4u * (up0 + 8u * i);
    if (row0 < params.m) {
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        let four = four0 + 8u * j;
        if (four < fours) {
          // unroll
          for (var t = 0u; t < 4u; t++) {
            c[cBase + (row0 + t) * fours + four] = finish(sum[i][t][j], r, row0 + t, four);
          }
        }
      }
    }
  }
}
