// matmulRegister: C = op(A) op(B), then bias, activation or activation mask, in tiles of registers. Any shape.
// Variants: matmulNN (NN), matmulNT (NT), matmulTN (TN). C = A B, A Bᵀ, Aᵀ B.
// Layout: a [m, k], or [k, m] in TN; b [k, n], or [n, k] in NT; c [m, n], bias [n], y [m, n], row-major and dense; replica
//   r is workgroup_id.z.
// Knobs: TILE_M x TILE_N outputs an invocation, columns ceil(n / TILE_N) apart so that neighbouring
//   invocations touch neighbouring columns. BIAS: add bias[col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3
//   sigmoid. MASK: multiply by the derivative of that activation at its output y (numbered alike). Bindings
//   that a variant leaves unused may hold any buffer. COLUMN_SUM (TN): also c[columnSumOffset + i] = sum over k of
//   a[k, i], by ceil(m / 64) workgroups after the tiles' own.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and (1 / TILE_M + 1 / TILE_N) 4 k bytes an output, before caches.

import package::shared::activation::{activated, masked};

// knobs
const TILE_M: u32 = 4u;
const TILE_N: u32 = 4u;
@if(TN) const COLUMN_SUM: bool = false;
const BIAS: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32,
  @if(TN) columnSumOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;

fn finish(value: f32, r: u32, row: u32, col: u32) -> f32 {
  var v = value;
  if (BIAS) { v += bias[params.biasOffset + r * params.biasReplica + col]; }
  if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
  if (MASK != 0u) { v = masked(v, y[params.yOffset + r * params.yReplica + row * params.n + col], MASK); }
  return v;
}

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + TILE_N - 1u) / TILE_N;
  let tiles = across * ((params.m + TILE_M - 1u) / TILE_M);
  let index = group.x + group.y * groups.x;
  let aBase = params.aOffset + r * params.aReplica;
  let bBase = params.bOffset + r * params.bReplica;
  let cBase = params.cOffset + r * params.cReplica;
  @if(TN) {
    if (COLUMN_SUM && index >= (tiles + 63u) / 64u) {
      let i = (index - (tiles + 63u) / 64u) * 64u + local;
      if (i >= params.m) { return; }
      var sum = 0.0;
      for (var k = 0u; k < params.k; k++) { sum += a[aBase + k * params.m + i]; }
      c[params.columnSumOffset + r * params.cReplica + i] = sum;
      return;
    }
  }
  let tile = index * 64u + local;
  if (tile >= tiles) { return; }
  let row0 = tile / across * TILE_M;
  let col0 = tile % across;

  // From one row of op(A), or column of op(B), to the next, and from one k to the next.
  @if(TN) let aRow = 1u;
  @else let aRow = params.k;
  @if(TN) let aStep = params.m;
  @else let aStep = 1u;
  @if(NT) let bColumn = params.k;
  @else let bColumn = 1u;
  @if(NT) let bStep = 1u;
  @else let bStep = params.n;
  var aAt: array<u32, TILE_M>;
  var bAt: array<u32, TILE_N>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { aAt[i] = aBase + min(row0 + i, params.m - 1u) * aRow; }
  // unroll
  for (var j = 0u; j < TILE_N; j++) { bAt[j] = bBase + min(col0 + j * across, params.n - 1u) * bColumn; }

  var sum: array<array<f32, TILE_N>, TILE_M>;
  var bk: array<f32, TILE_N>;
  for (var k = 0u; k < params.k; k++) {
    let ak = k * aStep;
    // unroll
    for (var j = 0u; j < TILE_N; j++) { bk[j] = b[bAt[j] + k * bStep]; }
    // unroll
    for (var i = 0u; i < TILE_M; i++) {
      let x = a[aAt[i] + ak];
      // unroll
      for (var j = 0u; j < TILE_N; j++) { sum[i][j] += x * bk[j]; }
    }
  }

  // Through an array that stays rolled: the epilogue is compiled once, not once an output.
  var out: array<array<f32, TILE_N>, TILE_M>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { out[i] = sum[i]; }
  for (var i = 0u; i < TILE_M; i++) {
    let row = row0 + i;
    if (row >= params.m) { break; }
    for (var j = 0u; j < TILE_N; j++) {
      let col = col0 + j * across;
      if (col < params.n) { c[cBase + row * params.n + col] = finish(out[i][j], r, row, col); }
    }
  }
}
