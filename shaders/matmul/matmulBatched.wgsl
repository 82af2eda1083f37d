// matmulBatched: C = op(A) op(B), or op(A) op(B) + op(A2) op(B2), for the forms NN, NT and TN, then bias, addend,
//   activation or activation mask; batches by strides, and parts of k into slices of C (split-K). Any shape.
// Variants: matmulBatched, matmulHalf (half). The second's operands are stored in float16, and summed in float32; it needs no
//   feature: halves are unpacked from words.
// Layout: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], the second product's alike with
//   k2; of matmulHalf halves, as packHalf leaves them. c, y and addend [m, n] row-major and dense, bias [n]. Product p of `batches`, outer and inner index
//   (p / inner, p % inner), reads a and b that many times aOuter + aInner (bOuter + bInner) on, takes kLength of the
//   k from p kStride on, and writes c p times cBatch on. Replica r is workgroup_id.z.
// Knobs: TILE_M x TILE_N outputs an invocation, columns ceil(n / TILE_N) apart so that neighbouring invocations
//   touch neighbouring columns. PAIR: add the second product. BIAS, ADDEND: add bias[col], addend[row, col].
//   ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the derivative of that activation at its
//   output y (numbered alike). COLUMN_SUM (without PAIR): also c[columnSumOffset + i] = sum over l of op(A)[i, l],
//   by the invocations of the first column.
// Order: one accumulator an output, k ascending, the second product after the first.
// Cost: 2 k flops and (1 / TILE_M + 1 / TILE_N) 4 k bytes an output (2 k of halves), before caches. No workgroup memory.

import package::shared::activation::{activated, masked};

// knobs
const TILE_M: u32 = 4u;
const TILE_N: u32 = 4u;
const PAIR: bool = false;
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
const COLUMN_SUM: bool = false;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, k2: u32, batches: u32, inner: u32, kStride: u32, kLength: u32, cBatch: u32,
  aRow: u32, aStep: u32, bColumn: u32, bStep: u32, a2Row: u32, a2Step: u32, b2Column: u32, b2Step: u32,
  aOuter: u32, aInner: u32, bOuter: u32, bInner: u32, columnSumOffset: u32,
  aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, addendOffset: u32, addendReplica: u32,
  a2Offset: u32, a2Replica: u32, b2Offset: u32, b2Replica: u32,
}

// What operands are stored in, and how many of them a word of 4 bytes holds.
@if(half) alias Word = u32;
@else alias Word = f32;
@if(half) const HELD: u32 = 2u;
@else const HELD: u32 = 1u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Word>;
@group(0) @binding(2) var<storage, read> b: array<Word>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;
@group(0) @binding(6) var<storage, read> addend: array<f32>;
@group(0) @binding(7) var<storage, read> a2: array<Word>;
@group(0) @binding(8) var<storage, read> b2: array<Word>;

const TILE: u32 = TILE_M * TILE_N;

@if(half) fn loaded(word: Word, at: u32) -> f32 { return unpack2x16float(word)[at % HELD]; }
@else fn loaded(word: Word, at: u32) -> f32 { return word; }

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + TILE_N - 1u) / TILE_N;
  let tiles = across * ((params.m + TILE_M - 1u) / TILE_M);
  let index = (group.x + group.y * groups.x) * 64u + local;
  if (index >= tiles * params.batches) { return; }
  let p = index / tiles;
  let tile = index % tiles;
  let outer = p / params.inner;
  let inner = p % params.inner;
  let row0 = tile / across * TILE_M;
  let col0 = tile % across;
  let first = p * params.kStride;
  let last = min(params.k, first + params.kLength);

  var aAt: array<u32, TILE_M>;
  var bAt: array<u32, TILE_N>;
  let aBase = HELD * (params.aOffset + r * params.aReplica) + outer * params.aOuter + inner * params.aInner;
  let bBase = HELD * (params.bOffset + r * params.bReplica) + outer * params.bOuter + inner * params.bInner;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { aAt[i] = aBase + min(row0 + i, params.m - 1u) * params.aRow; }
  // unroll
  for (var j = 0u; j < TILE_N; j++) { bAt[j] = bBase + min(col0 + j * across, params.n - 1u) * params.bColumn; }

  var sum: array<f32, TILE>;
  var columnSum: array<f32, TILE_M>;
  var bl: array<f32, TILE_N>;
  for (var l = first; l < last; l++) {
    // unroll
    for (var j = 0u; j < TILE_N; j++) {
      let at = bAt[j] + l * params.bStep;
      bl[j] = loaded(b[at / HELD], at);
    }
    // unroll
    for (var i = 0u; i < TILE_M; i++) {
      let at = aAt[i] + l * params.aStep;
      let x = loaded(a[at / HELD], at);
      if (COLUMN_SUM) { columnSum[i] += x; }
      // unroll
      for (var j = 0u; j < TILE_N; j++) { sum[i * TILE_N + j] += x * bl[j]; }
    }
  }
  if (PAIR) {
    let a2Base = HELD * (params.a2Offset + r * params.a2Replica);
    let b2Base = HELD * (params.b2Offset + r * params.b2Replica);
    // unroll
    for (var i = 0u; i < TILE_M; i++) { aAt[i] = a2Base + min(row0 + i, params.m - 1u) * params.a2Row; }
    // unroll
    for (var j = 0u; j < TILE_N; j++) {
      bAt[j] = b2Base + min(col0 + j * across, params.n - 1u) * params.b2Column;
    }
    for (var l = 0u; l < params.k2; l++) {
      // unroll
      for (var j = 0u; j < TILE_N; j++) {
        let at = bAt[j] + l * params.b2Step;
        bl[j] = loaded(b2[at / HELD], at);
      }
      // unroll
      for (var i = 0u; i < TILE_M; i++) {
        let at = aAt[i] + l * params.a2Step;
        let x = loaded(a2[at / HELD], at);
        // unroll
        for (var j = 0u; j < TILE_N; j++) { sum[i * TILE_N + j] += x * bl[j]; }
      }
    }
  }

  // Through an array that stays rolled: the epilogue is compiled once, not once an output.
  var out: array<f32, TILE>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) {
    // unroll
    for (var j = 0u; j < TILE_N; j++) { out[i * TILE_N + j] = sum[i * TILE_N + j]; }
  }
  let cBase = params.cOffset + r * params.cReplica + p * params.cBatch;
  for (var i = 0u; i < TILE_M; i++) {
    let row = row0 + i;
    if (row >= params.m) { break; }
    if (COLUMN_SUM && col0 == 0u) {
      c[params.columnSumOffset + r * params.cReplica + p * params.cBatch + row] = columnSum[i];
    }
    for (var j = 0u; j < TILE_N; j++) {
      let col = col0 + j * across;
      if (col < params.n) {
        var v = out[i * TILE_N + j];
        let at = row * params.n + col;
        if (BIAS) { v += bias[params.biasOffset + r * params.biasReplica + col]; }
        if (ADDEND) { v += addend[params.addendOffset + r * params.addendReplica + at]; }
        if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
        if (MASK != 0u) { v = masked(v, y[params.yOffset + r * params.yReplica + at], MASK); }
        c[cBase + at] = v;
      }
    }
  }
}
