// matmulLarge: C = op(A) op(B) for the forms NN, NT and TN in tiles of 128 by 128, then bias, addend, activation or activation mask.
//   For large products on a GPU; m, n and k divisible by 4.
// Variants: matmulLargeNN (vec4 NN), matmulLargeNT (vec4 NT), matmulLargeTN (vec4 TN).
// Layout: a [m, k], or [k, m] in TN; b [k, n], or [n, k] in NT; c [m, n]; bias [n]; y and addend [m, n]: row-major and dense, all in
//   fours. Replica r is workgroup_id.z.
// Knobs: 256 invocations a workgroup, 16 by 16; each holds 8 rows by 8 columns, whose fours are 16 apart. TILE_K of k are
//   staged at once, FETCHES fours of each operand an invocation: TILE_K / 8. WHOLE: k is whole tiles. BIAS, ADDEND: add bias[col],
//   addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the derivative of that
//   activation at its output y (numbered alike).
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and k / 16 bytes an output, before caches; 1,024 TILE_K bytes of workgroup memory. The next tile is on its way
//   from memory to registers while this one is multiplied, and all of a tile's k is unrolled. An operand with k contiguous is
//   staged number by number, transposed: two invocations may not write into one vec4. Each accumulator is a variable: in an array
//   they cost the driver of an H200 5 to 11 %. 4096³ there in ms, NN, NT, TN, beside cuBLAS's 2.68, 2.74, 2.67: 3.58, 3.95, 3.12 (75, 69,
//   85 %); the loop alone, without guards and epilogue, 3.31, 3.58, 2.97, with 8 of k staged 3.36, 3.55, 3.05, without the fetch
//   ahead 3.75, and 3.35, 4.08, 3.28 where blocks of 4 by 4 are transposed in registers (2026-11-27).

import package::shared::activation::{activated, masked};

// knobs
const TILE_K: u32 = 16u;
const FETCHES: u32 = 2u;
const WHOLE: bool = false;
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, addendOffset: u32, addendReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> y: array<vec4f>;
@group(0) @binding(6) var<storage, read> addend: array<vec4f>;

// k outermost, 128 of op(A)'s rows or op(B)'s columns for each.
const FOURS: u32 = 32u * TILE_K;
const NUMBERS: u32 = 128u * TILE_K;
@if(TN) var<workgroup> aTile: array<vec4f, FOURS>;
@else var<workgroup> aTile: array<f32, NUMBERS>;
@if(NT) var<workgroup> bTile: array<f32, NUMBERS>;
@else var<workgroup> bTile: array<vec4f, FOURS>;

@compute @workgroup_size(256) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let k = params.k;
  let fours = params.n / 4u;
  let across = (params.n + 127u) / 128u;
  let index = group.x + group.y * groups.x;
  if (index >= across * ((params.m + 127u) / 128u)) { return; }
  let row0 = index / across * 128u;
  let four0 = index % across * 32u;
  let up = local / 16u;
  let left = local % 16u;
  let aBase = (params.aOffset + r * params.aReplica) / 4u;
  let bBase = (params.bOffset + r * params.bReplica) / 4u;

  var av: array<vec4f, FETCHES>;
  var bv: array<vec4f, FETCHES>;
  var s00 = vec4f(); var s01 = vec4f();
  var s10 = vec4f(); var s11 = vec4f();
  var s20 = vec4f(); var s21 = vec4f();
  var s30 = vec4f(); var s31 = vec4f();
  var s40 = vec4f(); var s41 = vec4f();
  var s50 = vec4f(); var s51 = vec4f();
  var s60 = vec4f(); var s61 = vec4f();
  var s70 = vec4f(); var s71 = vec4f();
  // Rows and columns past the last repeat it and are not stored; past the end of k there are zeros. Where k is contiguous two
  // neighbours take eight of it in a row: whole sectors.
  // unroll
  for (var f = 0u; f < FETCHES; f++) {
    let t = local + f * 256u;
    @if(TN) {
      let la = t / 32u;
      av[f] = vec4f();
      if (WHOLE || la < k) {
        av[f] = a[aBase + la * (params.m / 4u) + min(row0 / 4u + t % 32u, params.m / 4u - 1u)];
      }
    }
    @else {
      let la = t % 2u + t / 256u * 2u;
      av[f] = vec4f();
      if (WHOLE || 4u * la < k) {
        av[f] = a[aBase + min(row0 + t / 2u % 128u, params.m - 1u) * (k / 4u) + la];
      }
    }
    @if(NT) {
      let lb = t % 2u + t / 256u * 2u;
      bv[f] = vec4f();
      if (WHOLE || 4u * lb < k) {
        bv[f] = b[bBase + min(4u * four0 + t / 2u % 128u, params.n - 1u) * (k / 4u) + lb];
      }
    }
    @else {
      let lb = t / 32u;
      bv[f] = vec4f();
      if (WHOLE || lb < k) {
        bv[f] = b[bBase + lb * fours + min(four0 + t % 32u, fours - 1u)];
      }
    }
  }

  for (var k0 = 0u; k0 < k; k0 += TILE_K) {
    workgroupBarrier();
    // unroll
    for (var f = 0u; f < FETCHES; f++) {
      let t = local + f * 256u;
      @if(TN) aTile[t] = av[f];
      @else {
        let atA = 128u * 4u * (t % 2u + t / 256u * 2u) + t / 2u % 128u;
        // unroll
        for (var q = 0u; q < 4u; q++) { aTile[atA + 128u * q] = av[f][q]; }
      }
      @if(NT) {
        let atB = 128u * 4u * (t % 2u + t / 256u * 2u) + t / 2u % 128u;
        // unroll
        for (var q = 0u; q < 4u; q++) { bTile[atB + 128u * q] = bv[f][q]; }
      }
      @else bTile[t] = bv[f];
    }
    workgroupBarrier();
    let next = k0 + TILE_K;
    if (next < k) {
      // unroll
      for (var f = 0u; f < FETCHES; f++) {
        let t = local + f * 256u;
        @if(TN) {
          let la = next + t / 32u;
          av[f] = vec4f();
          if (WHOLE || la < k) {
            av[f] = a[aBase + la * (params.m / 4u) + min(row0 / 4u + t % 32u, params.m / 4u - 1u)];
          }
        }
        @else {
          let la = next / 4u + t % 2u + t / 256u * 2u;
          av[f] = vec4f();
          if (WHOLE || 4u * la < k) {
            av[f] = a[aBase + min(row0 + t / 2u % 128u, params.m - 1u) * (k / 4u) + la];
          }
        }
        @if(NT) {
          let lb = next / 4u + t % 2u + t / 256u * 2u;
          bv[f] = vec4f();
          if (WHOLE || 4u * lb < k) {
            bv[f] = b[bBase + min(4u * four0 + t / 2u % 128u, params.n - 1u) * (k / 4u) + lb];
          }
        }
        @else {
          let lb = next + t / 32u;
          bv[f] = vec4f();
          if (WHOLE || lb < k) {
            bv[f] = b[bBase + lb * fours + min(four0 + t % 32u, fours - 1u)];
          }
        }
      }
    }
    // unroll
    for (var l = 0u; l < TILE_K; l++) {
      var x0: vec4f; var x1: vec4f;
      var y0: vec4f; var y1: vec4f;
      @if(TN) {
        x0 = aTile[32u * l + up];
        x1 = aTile[32u * l + up + 16u];
      }
      @else {
        let i = 128u * l + 4u * up;
        x0 = vec4f(aTile[i], aTile[i + 1u], aTile[i + 2u], aTile[i + 3u]);
        x1 = vec4f(aTile[i + 64u], aTile[i + 65u], aTile[i + 66u], aTile[i + 67u]);
      }
      @if(NT) {
        let j = 128u * l + 4u * left;
        y0 = vec4f(bTile[j], bTile[j + 1u], bTile[j + 2u], bTile[j + 3u]);
        y1 = vec4f(bTile[j + 64u], bTile[j + 65u], bTile[j + 66u], bTile[j + 67u]);
      }
      @else {
        y0 = bTile[32u * l + left];
        y1 = bTile[32u * l + left + 16u];
      }
      s00 += x0[0u] * y0; s01 += x0[0u] * y1;
      s10 += x0[1u] * y0; s11 += x0[1u] * y1;
      s20 += x0[2u] * y0; s21 += x0[2u] * y1;
      s30 += x0[3u] * y0; s31 += x0[3u] * y1;
      s40 += x1[0u] * y0; s41 += x1[0u] * y1;
      s50 += x1[1u] * y0; s51 += x1[1u] * y1;
      s60 += x1[2u] * y0; s61 += x1[2u] * y1;
      s70 += x1[3u] * y0; s71 += x1[3u] * y1;
    }
  }

  var out: array<vec4f, 16>;
  out[0u] = s00; out[1u] = s01;
  out[2u] = s10; out[3u] = s11;
  out[4u] = s20; out[5u] = s21;
  out[6u] = s30; out[7u] = s31;
  out[8u] = s40; out[9u] = s41;
  out[10u] = s50; out[11u] = s51;
  out[12u] = s60; out[13u] = s61;
  out[14u] = s70; out[15u] = s71;
  let cBase = (params.cOffset + r * params.cReplica) / 4u;
  // unroll
  for (var i = 0u; i < 8u; i++) {
    let row = row0 + 4u * up + 64u * (i / 4u) + i % 4u;
    // unroll
    for (var j = 0u; j < 2u; j++) {
      let four = four0 + left + 16u * j;
      if (row < params.m && four < fours) {
        let at = row * fours + four;
        var v = out[2u * i + j];
        if (BIAS) { v += bias[(params.biasOffset + r * params.biasReplica) / 4u + four]; }
        if (ADDEND) { v += addend[(params.addendOffset + r * params.addendReplica) / 4u + at]; }
        if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
        if (MASK != 0u) { v = masked(v, y[(params.yOffset + r * params.yReplica) / 4u + at], MASK); }
        c[cBase + at] = v;
      }
    }
  }
}
