// matmulTiled: C = op(A) op(B), or op(A) op(B) + op(A2) op(B2), for the forms NN, NT and TN, then bias, addend,
//   activation or activation mask; batches by strides, and parts of k into slices of C (split-K). For GPUs.
// Variants: matmulTiled, matmulTiledVec4 (vec4), matmulTiledHalf (half), matmulTiledF16 (half f16). The first takes any
//   shape. The second reads, adds and writes fours: n is divisible by 4, and so is m (TN) or k (NN and NT), and all
//   strides. The last two read operands stored in float16 and sum in float32: matmulTiledHalf needs no feature, it unpacks
//   halves from words; matmulTiledF16 needs shader-f16, and its bits are the same.
// Layout: a [m, k], or [k, m] with TRANSPOSE_A; b [k, n], or [n, k] with TRANSPOSE_B; a2, b2 alike with k2; c
//   [m, n]; bias [n]; y and addend [m, n]: row-major and dense. Halves are as packHalf leaves them, rows filled up with
//   zeros to whole fours; all else is float32. Product p of `batches`, outer and inner index (p / inner, p % inner), reads
//   a and b that many times aOuter + aInner (bOuter + bInner) on, takes kLength of the k from p kStride on, and writes c p
//   times cBatch on. Replica r is workgroup_id.z.
// Knobs: THREADS invocations a workgroup in SLICES of them, ACROSS of a slice along columns; each holds 4 FOURS_M rows by 4
//   FOURS_N columns, whose fours are as far apart as a slice has invocations that way: a workgroup's tile is 4 FOURS_M
//   THREADS / SLICES / ACROSS by 4 FOURS_N ACROSS. TILE_K of k are staged at once, as float32, a part of them for each
//   slice, STEPS of that unrolled; BLOCKS: blocks of 4 by 4 that an invocation stages, TILE_K (rows + columns) / 16 by
//   THREADS, rounded up. WHOLE: every part of k is whole tiles. PAIR:
//   add the second product. BIAS, ADDEND: add bias[col], addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid.
//   MASK: multiply by the derivative of that activation at its output y (numbered alike). COLUMN_SUM (TRANSPOSE_A without
//   PAIR): also c[columnSumOffset + i] = sum over l of a[l, i], from the operands of the tiles of the first column.
// Order: one accumulator an output and slice, k ascending, the second product after the first; slices as a tree, slice s and
//   s + half of them first.
// Cost: 2 k flops and (1 / rows + 1 / columns of the workgroup's tile) 4 k bytes an output (2 k of halves), before caches;
//   TILE_K (rows + columns) 4 bytes of workgroup memory, of which an invocation reads one vec4 for every four
//   (FOURS = 1) or eight (2) multiplications of a vec4. The next tile is on its way from memory to registers while this one
//   is multiplied: 16 % faster at 4096³ on an H200 (2026-11-27). Both operands are staged with k outermost, so that every read of
//   them is a vec4 of consecutive addresses (B) or one address for the invocations of a row (A); an operand with k
//   contiguous is transposed on the way in, in blocks of 4 by 4. Eight invocations that store together write consecutive
//   vec4, the next eight load what follows theirs along k: no bank is met twice, and whole sectors are read.

import package::shared::activation::{activated, masked};

@if(f16) enable f16;

// knobs
const THREADS: u32 = 64u;
const SLICES: u32 = 1u;
const ACROSS: u32 = 8u;
const FOURS_M: u32 = 1u;
const FOURS_N: u32 = 1u;
const TILE_K: u32 = 16u;
const STEPS: u32 = 8u;
const BLOCKS: u32 = 1u;
const WHOLE: bool = false;
const TRANSPOSE_A: bool = false;
const TRANSPOSE_B: bool = false;
const PAIR: bool = false;
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
const COLUMN_SUM: bool = false;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, k2: u32, batches: u32, inner: u32, kStride: u32, kLength: u32, cBatch: u32,
  aOuter: u32, aInner: u32, bOuter: u32, bInner: u32, columnSumOffset: u32,
  aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, addendOffset: u32, addendReplica: u32,
  a2Offset: u32, a2Replica: u32, b2Offset: u32, b2Replica: u32,
}

// What is read at once of an operand, and how many words of 4 bytes that is; what is written at once, and how many that is.
@if(f16) alias Operand = vec4h;
@elif(half) alias Operand = vec2u;
@elif(vec4) alias Operand = vec4f;
@else alias Operand = f32;
@if(vec4) const WORDS: u32 = 4u;
@elif(half) const WORDS: u32 = 2u;
@else const WORDS: u32 = 1u;
@if(vec4) alias Output = vec4f;
@else alias Output = f32;
@if(vec4) const TOGETHER: u32 = 4u;
@else const TOGETHER: u32 = 1u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Operand>;
@group(0) @binding(2) var<storage, read> b: array<Operand>;
@group(0) @binding(3) var<storage, read_write> c: array<Output>;
@group(0) @binding(4) var<storage, read> bias: array<Output>;
@group(0) @binding(5) var<storage, read> y: array<Output>;
@group(0) @binding(6) var<storage, read> addend: array<Output>;
@group(0) @binding(7) var<storage, read> a2: array<Operand>;
@group(0) @binding(8) var<storage, read> b2: array<Operand>;

const SLICE: u32 = THREADS / SLICES;
const DOWN: u32 = SLICE / ACROSS;
// Fours of rows and of columns in the workgroup's tile, and of both in a staged tile.
const ROWS: u32 = DOWN * FOURS_M;
const COLUMNS: u32 = ACROSS * FOURS_N;
const A_FOURS: u32 = TILE_K * ROWS;
const STAGED: u32 = A_FOURS + TILE_K * COLUMNS;
// Fours of k of which a slice has its sums from a tile.
const SLICE_K: u32 = TILE_K / SLICES;
// Invocations side by side that stage blocks side by side.
const A_BESIDE: u32 = min(8u, ROWS);
const B_BESIDE: u32 = min(8u, COLUMNS);
const A_BLOCKS: u32 = TILE_K / 4u * ROWS;
const ALL_BLOCKS: u32 = TILE_K / 4u * (ROWS + COLUMNS);
const NEXT: u32 = 4u * BLOCKS;
const SUMS: u32 = 4u * FOURS_M * FOURS_N;
// A's tile and behind it B's; at the end the sums of slices.
var<workgroup> staged: array<vec4f, STAGED>;

@if(half && !f16)
fn unpacked(words: vec2u) -> vec4f { return vec4f(unpack2x16float(words.x), unpack2x16float(words.y)); }

@compute @workgroup_size(THREADS) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let fours = (params.n + 3u) / 4u;
  let across = (fours + COLUMNS - 1u) / COLUMNS;
  let tiles = across * ((params.m + 4u * ROWS - 1u) / (4u * ROWS));
  let index = group.x + group.y * groups.x;
  if (index >= tiles * params.batches) { return; }
  let p = index / tiles;
  let tile = index % tiles;
  let outer = p / params.inner;
  let inner = p % params.inner;
  // In fours, as are an invocation's first row and column in the tile.
  let row0 = tile / across * ROWS;
  let column0 = tile % across * COLUMNS;
  let slice = local / SLICE;
  let own = local % SLICE;
  let up = own / ACROSS;
  let left = own % ACROSS;

  var sum: array<vec4f, SUMS>;
  var columnSum: array<vec4f, FOURS_M>;
  var next: array<vec4f, NEXT>;
  var av: array<vec4f, FOURS_M>;
  var bv: array<vec4f, FOURS_N>;
  var aBase = (params.aOffset + r * params.aReplica + outer * params.aOuter + inner * params.aInner) / WORDS;
  var bBase = (params.bOffset + r * params.bReplica + outer * params.bOuter + inner * params.bInner) / WORDS;
  var k = params.k;
  var first = p * params.kStride;
  var last = min(k, first + params.kLength);
  var second = false;
  loop {
    // One round more than tiles: in each a tile is on its way while the one before it is multiplied.
    for (var k0 = first; k0 < last + TILE_K; k0 += TILE_K) {
      // A tile on its way into registers: past the end of k it is zero; rows and columns past theirs are not stored.
      if (k0 < last) {
        // unroll
        for (var f = 0u; f < BLOCKS; f++) {
          let t = local + f * THREADS;
          if (t < A_BLOCKS) {
            let i = row0 + t % A_BESIDE + t / (2u * A_BESIDE) % (ROWS / A_BESIDE) * A_BESIDE;
            let l = k0 / 4u + t / A_BESIDE % 2u + t / (2u * ROWS) * 2u;
            // unroll
            for (var s = 0u; s < 4u; s++) {
              var v = vec4f();
              let lines = select(k, params.m, TRANSPOSE_A);
              let line = select(min(4u * i + s, params.m - 1u), 4u * l + s, TRANSPOSE_A);
              @if(vec4 || half) {
                let at = aBase + line * ((lines + 3u) / 4u) + select(l, min(i, (params.m - 1u) / 4u), TRANSPOSE_A);
                if (WHOLE || select(4u * l, line, TRANSPOSE_A) < last) {
                  var four: Operand;
                  if (PAIR && second) { four = a2[at]; } else { four = a[at]; }
                  @if(half && !f16) v = unpacked(four);
                  @else v = vec4f(four);
                }
              }
              @else {
                // unroll
                for (var q = 0u; q < 4u; q++) {
                  let at = aBase + line * lines + select(4u * l + q, min(4u * i + q, params.m - 1u), TRANSPOSE_A);
                  if (select(4u * l + q, line, TRANSPOSE_A) < last) {
                    if (PAIR && second) { v[q] = a2[at]; } else { v[q] = a[at]; }
                  }
                }
              }
              next[4u * f + s] = v;
            }
          } else if (t < ALL_BLOCKS) {
            let u = t - A_BLOCKS;
            let i = column0 + u % B_BESIDE + u / (2u * B_BESIDE) % (COLUMNS / B_BESIDE) * B_BESIDE;
            let l = k0 / 4u + u / B_BESIDE % 2u + u / (2u * COLUMNS) * 2u;
            // unroll
            for (var s = 0u; s < 4u; s++) {
              var v = vec4f();
              let lines = select(k, params.n, !TRANSPOSE_B);
              let line = select(min(4u * i + s, params.n - 1u), 4u * l + s, !TRANSPOSE_B);
              @if(vec4 || half) {
                let at = bBase + line * ((lines + 3u) / 4u) + select(l, min(i, (params.n - 1u) / 4u), !TRANSPOSE_B);
                if (WHOLE || select(4u * l, line, !TRANSPOSE_B) < last) {
                  var four: Operand;
                  if (PAIR && second) { four = b2[at]; } else { four = b[at]; }
                  @if(half && !f16) v = unpacked(four);
                  @else v = vec4f(four);
                }
              }
              @else {
                // unroll
                for (var q = 0u; q < 4u; q++) {
                  let at = bBase + line * lines + select(4u * l + q, min(4u * i + q, params.n - 1u), !TRANSPOSE_B);
                  if (select(4u * l + q, line, !TRANSPOSE_B) < last) {
                    if (PAIR && second) { v[q] = b2[at]; } else { v[q] = b[at]; }
                  }
                }
              }
              next[4u * f + s] = v;
            }
          }
        }
      }
      // The tile before it.
      if (k0 != first) {
        for (var l = 0u; l < SLICE_K; l += STEPS) {
          // unroll
          for (var s = 0u; s < STEPS; s++) {
            let at = slice * SLICE_K + l + s;
            // unroll
            for (var i = 0u; i < FOURS_M; i++) { av[i] = staged[at * ROWS + up + i * DOWN]; }
            // unroll
            for (var j = 0u; j < FOURS_N; j++) {
              bv[j] = staged[A_FOURS + at * COLUMNS + left + j * ACROSS];
            }
            // unroll
            for (var i = 0u; i < FOURS_M; i++) {
              if (COLUMN_SUM && column0 == 0u) { columnSum[i] += av[i]; }
              // unroll
              for (var t = 0u; t < 4u; t++) {
                // unroll
                for (var j = 0u; j < FOURS_N; j++) { sum[(4u * i + t) * FOURS_N + j] += av[i][t] * bv[j]; }
              }
            }
          }
        }
      }
      workgroupBarrier();
      if (k0 < last) {
        // unroll
        for (var f = 0u; f < BLOCKS; f++) {
          let t = local + f * THREADS;
          if (t < A_BLOCKS) {
            let i = t % A_BESIDE + t / (2u * A_BESIDE) % (ROWS / A_BESIDE) * A_BESIDE;
            let l = t / A_BESIDE % 2u + t / (2u * ROWS) * 2u;
            // unroll
            for (var s = 0u; s < 4u; s++) {
              var v = next[4u * f + s];
              if (!TRANSPOSE_A) {
                v = vec4f(next[4u * f][s], next[4u * f + 1u][s], next[4u * f + 2u][s], next[4u * f + 3u][s]);
              }
              staged[(4u * l + s) * ROWS + i] = v;
            }
          } else if (t < ALL_BLOCKS) {
            let u = t - A_BLOCKS;
            let i = u % B_BESIDE + u / (2u * B_BESIDE) % (COLUMNS / B_BESIDE) * B_BESIDE;
            let l = u / B_BESIDE % 2u + u / (2u * COLUMNS) * 2u;
            // unroll
            for (var s = 0u; s < 4u; s++) {
              var v = next[4u * f + s];
              if (TRANSPOSE_B) {
                v = vec4f(next[4u * f][s], next[4u * f + 1u][s], next[4u * f + 2u][s], next[4u * f + 3u][s]);
              }
              staged[A_FOURS + (4u * l + s) * COLUMNS + i] = v;
            }
          }
        }
      }
      workgroupBarrier();
    }
    if (!PAIR || second) { break; }
    second = true;
    aBase = (params.a2Offset + r * params.a2Replica) / WORDS;
    bBase = (params.b2Offset + r * params.b2Replica) / WORDS;
    k = params.k2;
    first = 0u;
    last = k;
  }

  // Slices are added as a tree, by way of workgroup memory; after them the column sums.
  for (var apart = SLICES / 2u; apart > 0u; apart = apart / 2u) {
    let at = SUMS * SLICE * (slice % apart) + own;
    workgroupBarrier();
    if (slice / apart == 1u) {
      // unroll
      for (var i = 0u; i < FOURS_M; i++) {
        // unroll
        for (var t = 0u; t < 4u; t++) {
          // unroll
          for (var j = 0u; j < FOURS_N; j++) {
            staged[at + ((4u * i + t) * FOURS_N + j) * SLICE] = sum[(4u * i + t) * FOURS_N + j];
          }
        }
      }
    }
    workgroupBarrier();
    if (slice < apart) {
      // unroll
      for (var i = 0u; i < FOURS_M; i++) {
        // unroll
        for (var t = 0u; t < 4u; t++) {
          // unroll
          for (var j = 0u; j < FOURS_N; j++) {
            sum[(4u * i + t) * FOURS_N + j] += staged[at + ((4u * i + t) * FOURS_N + j) * SLICE];
          }
        }
      }
    }
  }
  for (var apart = select(0u, SLICES / 2u, COLUMN_SUM); apart > 0u; apart = apart / 2u) {
    let at = FOURS_M * SLICE * (slice % apart) + own;
    workgroupBarrier();
    if (slice / apart == 1u) {
      // unroll
      for (var i = 0u; i < FOURS_M; i++) { staged[at + i * SLICE] = columnSum[i]; }
    }
    workgroupBarrier();
    if (slice < apart) {
      // unroll
      for (var i = 0u; i < FOURS_M; i++) { columnSum[i] = columnSum[i] + staged[at + i * SLICE]; }
    }
  }
  if (slice > 0u) { return; }

  let cBase = params.cOffset + r * params.cReplica + p * params.cBatch;
  let columns = params.n / TOGETHER;
  if (COLUMN_SUM && column0 + left == 0u) {
    let at = params.columnSumOffset + r * params.cReplica + p * params.cBatch;
    // unroll
    for (var i = 0u; i < FOURS_M; i++) {
      let row = 4u * (row0 + up + i * DOWN);
      @if(vec4) {
        if (row < params.m) { c[(at + row) / 4u] = columnSum[i]; }
      }
      @else {
        // unroll
        for (var t = 0u; t < 4u; t++) {
          if (row + t < params.m) { c[at + row + t] = columnSum[i][t]; }
        }
      }
    }
  }
  // unroll
  for (var i = 0u; i < FOURS_M; i++) {
    // unroll
    for (var t = 0u; t < 4u; t++) {
      let row = 4u * (row0 + up + i * DOWN) + t;
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        let four = column0 + left + j * ACROSS;
        let out = sum[(4u * i + t) * FOURS_N + j];
        // Rolled: the epilogue is compiled once for four outputs.
        for (var s = 0u; s < 4u / TOGETHER; s++) {
          let col = 4u / TOGETHER * four + s;
          if (row < params.m && col < columns) {
            @if(vec4) var v = out;
            @else var v = out[s];
            let at = row * columns + col;
            if (BIAS) { v += bias[(params.biasOffset + r * params.biasReplica) / TOGETHER + col]; }
            if (ADDEND) { v += addend[(params.addendOffset + r * params.addendReplica) / TOGETHER + at]; }
            if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
            if (MASK != 0u) { v = masked(v, y[(params.yOffset + r * params.yReplica) / TOGETHER + at], MASK); }
            c[cBase / TOGETHER + at] = v;
          }
        }
      }
    }
  }
}
