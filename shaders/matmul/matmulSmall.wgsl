// matmulSmall: C = op(A) op(B), then bias, activation or activation mask, for products so small that few tiles keep a CPU's cores
//   busy. N divisible by 4, and k in the forms NN and NT, m in TN.
// Variants: matmulSmallNN (vec4 NN), matmulSmallNT (vec4 NT), matmulSmallTN (vec4 TN). C = A B, A Bᵀ, Aᵀ B.
// Layout: a [m, k], or [k, m] in TN; b [k, n], or [n, k] in NT; c [m, n], bias [n], y [m, n], row-major and dense; all in fours.
//   Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, each a tile of 4 FOURS_M rows by 4 FOURS_N columns; its fours are as far apart as there are
//   tiles across, so that neighbouring invocations touch neighbouring fours. BIAS: add bias[col]. ACTIVATION: 0 none, 1 relu, 2
//   tanh, 3 sigmoid. MASK: multiply by the derivative of that activation at its output y (numbered alike). COLUMN_SUM (TN): also
//   c[columnSumOffset + i] = sum over k of a[k, i], by the first tile of each row, which has them in registers.
// Order: one accumulator an output, k ascending; in NN and NT the products of four consecutive k are summed first.
// Cost: 2 k flops and (1 / (4 FOURS_M) + 1 / (4 FOURS_N)) 4 k bytes an output, before caches. SwiftShader spends some 13 ns on each
//   scalar that four lanes load or store, as much as on ten of their multiplications, whatever is contiguous; hence the tile. What
//   is fused in is compiled in: it would execute a branch not taken, and a loop around the accumulators spills them. It compiles in
//   30 to 80 ms, 8 rows in the forms NN and NT in 150 (2 cores, SwiftShader, 2026-11-27).

import package::shared::activation::{activated, masked};

// knobs
const WIDTH: u32 = 4u;
const FOURS_M: u32 = 1u;
const FOURS_N: u32 = 2u;
const BIAS: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
@if(TN) const COLUMN_SUM: bool = false;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32,
  @if(TN) columnSumOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> y: array<vec4f>;

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let fours = params.n / 4u;
  let across = (fours + FOURS_N - 1u) / FOURS_N;
  let tiles = across * ((params.m + 4u * FOURS_M - 1u) / (4u * FOURS_M));
  let tile = (group.x + group.y * groups.x) * WIDTH + local;
  if (tile >= tiles) { return; }
  let aBase = (params.aOffset + r * params.aReplica) / 4u;
  let bBase = (params.bOffset + r * params.bReplica) / 4u;
  let row0 = tile / across * (4u * FOURS_M);
  let four0 = tile % across;

  var bAt: array<u32, FOURS_N>;
  // unroll
  for (var j = 0u; j < FOURS_N; j++) {
    let four = min(four0 + j * across, fours - 1u);
    @if(NT) bAt[j] = bBase + four * params.k;
    @else bAt[j] = bBase + four;
  }
  // [a four of rows][row][a four of columns].
  var sum: array<array<array<vec4f, FOURS_N>, 4>, FOURS_M>;
  @if(TN) var rowSum: array<vec4f, FOURS_M>;
  @if(TN) {
    let aStep = params.m / 4u;
    var aAt: array<u32, FOURS_M>;
    // unroll
    for (var h = 0u; h < FOURS_M; h++) { aAt[h] = aBase + min(row0 / 4u + h, aStep - 1u); }
    var bl: array<vec4f, FOURS_N>;
    for (var l = 0u; l < params.k; l++) {
      // unroll
      for (var j = 0u; j < FOURS_N; j++) { bl[j] = b[bAt[j] + l * fours]; }
      // unroll
      for (var h = 0u; h < FOURS_M; h++) {
        let x = a[aAt[h] + l * aStep];
        if (COLUMN_SUM) { rowSum[h] += x; }
        // unroll
        for (var j = 0u; j < FOURS_N; j++) {
          sum[h][0u][j] += x.x * bl[j];
          sum[h][1u][j] += x.y * bl[j];
          sum[h][2u][j] += x.z * bl[j];
          sum[h][3u][j] += x.w * bl[j];
        }
      }
    }
  }
  @else {
    let aStep = params.k / 4u;
    @if(NT) let bStep = aStep;
    @else let bStep = fours;
    @if(NT) let bNext = 1u;
    @else let bNext = params.n;
    var aAt: array<array<u32, 4>, FOURS_M>;
    // unroll
    for (var h = 0u; h < FOURS_M; h++) {
      // unroll
      for (var i = 0u; i < 4u; i++) { aAt[h][i] = aBase + min(row0 + 4u * h + i, params.m - 1u) * aStep; }
    }
    var bl: array<mat4x4f, FOURS_N>;
    for (var l = 0u; l < aStep; l++) {
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        let at = bAt[j] + l * bNext;
        bl[j] = mat4x4f(b[at], b[at + bStep], b[at + 2u * bStep], b[at + 3u * bStep]);
      }
      // unroll
      for (var h = 0u; h < FOURS_M; h++) {
        // unroll
        for (var i = 0u; i < 4u; i++) {
          let x = a[aAt[h][i] + l];
          // unroll
          for (var j = 0u; j < FOURS_N; j++) {
            @if(NT) sum[h][i][j] += x * bl[j];
            @else sum[h][i][j] += bl[j] * x;
          }
        }
      }
    }
  }

  let cBase = (params.cOffset + r * params.cReplica) / 4u;
  let yBase = (params.yOffset + r * params.yReplica) / 4u;
  // unroll
  for (var j = 0u; j < FOURS_N; j++) {
    let four = four0 + j * across;
    if (four < fours) {
      var shift = vec4f();
      if (BIAS) { shift = bias[(params.biasOffset + r * params.biasReplica) / 4u + four]; }
      // unroll
      for (var h = 0u; h < FOURS_M; h++) {
        // unroll
        for (var i = 0u; i < 4u; i++) {
          let row = row0 + 4u * h + i;
          if (row < params.m) {
            var v = sum[h][i][j];
            if (BIAS) { v += shift; }
            if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
            if (MASK != 0u) { v = masked(v, y[yBase + row * fours + four], MASK); }
            c[cBase + row * fours + four] = v;
          }
        }
      }
    }
  }
  @if(TN) {
    if (COLUMN_SUM && four0 == 0u) {
      let at = (params.columnSumOffset + r * params.cReplica + row0) / 4u;
      // unroll
      for (var h = 0u; h < FOURS_M; h++) {
        if (row0 + 4u * h < params.m) { c[at + h] = rowSum[h]; }
      }
    }
  }
}
