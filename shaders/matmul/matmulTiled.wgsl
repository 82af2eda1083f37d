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
// Knobs: THREADS invocations a workgroup, ACROSS of them along columns; each holds 4 FOURS_M rows by 4 FOURS_N
//   columns, whose fours are as far apart as there are invocations that way: a workgroup's tile is 4 FOURS_M
//   THREADS / ACROSS by 4 FOURS_N ACROSS. TILE_K of k are staged at once, as float32, STEPS of them unrolled. PAIR: add
//   the second product. BIAS, ADDEND: add bias[col], addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid.
//   MASK: multiply by the derivative of that activation at its output y (numbered alike). COLUMN_SUM
//   (TRANSPOSE_A without PAIR): also c[columnSumOffset + i] = sum over l of a[l, i], from the operands of the
//   tiles of the first column.
// Order: one accumulator an output, k ascending, the second product after the first.
// Cost: 2 k flops and (1 / rows + 1 / columns of the workgroup's tile) 4 k bytes an output (2 k of halves), before caches;
//   TILE_K (rows + columns + 8) 4 bytes of workgroup memory, of which an invocation reads one vec4 for every four
//   (FOURS = 1) or eight (2) multiplications of a vec4. Both operands are staged with k outermost, so that every
//   read of them is a vec4 of consecutive addresses (B) or one address for the invocations of a row (A). In fours an
//   operand with k contiguous is transposed on the way in, in blocks of 4 by 4, to rows one vec4 longer than the
//   tile: of eight invocations that store together two meet in a bank, not eight. Else an invocation stages four rows
//   (columns) of one k at a time, neighbours the next address: the next k where k is contiguous, the next four rows where
//   rows are.

import package::shared::activation::{activated, masked};

@if(f16) enable f16;

// knobs
const THREADS: u32 = 64u;
const ACROSS: u32 = 8u;
const FOURS_M: u32 = 1u;
const FOURS_N: u32 = 1u;
const TILE_K: u32 = 16u;
const STEPS: u32 = 4u;
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

const DOWN: u32 = THREADS / ACROSS;
// Fours of rows and of columns in the workgroup's tile, and how far apart two k of them lie.
const ROWS: u32 = DOWN * FOURS_M;
const COLUMNS: u32 = ACROSS * FOURS_N;
const A_LINE: u32 = ROWS + 1u;
const B_LINE: u32 = COLUMNS + 1u;
const FOURS_K: u32 = TILE_K / 4u;
const A_FOURS: u32 = TILE_K * A_LINE;
const B_FOURS: u32 = TILE_K * B_LINE;
const SUMS: u32 = 4u * FOURS_M * FOURS_N;
var<workgroup> aTile: array<vec4f, A_FOURS>;
var<workgroup> bTile: array<vec4f, B_FOURS>;

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
  let row0 = tile / across * (4u * ROWS);
  let column0 = tile % across * COLUMNS;
  let up = local / ACROSS;
  let left = local % ACROSS;

  var sum: array<vec4f, SUMS>;
  var columnSum: array<vec4f, FOURS_M>;
  var av: array<vec4f, FOURS_M>;
  var bv: array<vec4f, FOURS_N>;
  var aBase = (params.aOffset + r * params.aReplica + outer * params.aOuter + inner * params.aInner) / WORDS;
  var bBase = (params.bOffset + r * params.bReplica + outer * params.bOuter + inner * params.bInner) / WORDS;
  var k = params.k;
  var first = p * params.kStride;
  var last = min(k, first + params.kLength);
  var second = false;
  loop {
    for (var k0 = first; k0 < last; k0 += TILE_K) {
      // What lies past the end of k is staged as zero; rows and columns past theirs repeat the last. The fours to be
      // transposed are zeroed by an assignment: SwiftShader does not zero an array again that a loop declares.
      @if(vec4 || half) {
        if (TRANSPOSE_A) {
          let line = (params.m + 3u) / 4u;
          for (var t = local; t < TILE_K * ROWS; t += THREADS) {
            let l = t / ROWS;
            let i = t % ROWS;
            var v = vec4f();
            if (k0 + l < last) {
              let at = aBase + (k0 + l) * line + min(row0 / 4u + i, line - 1u);
              var four: Operand;
              if (PAIR && second) { four = a2[at]; } else { four = a[at]; }
              @if(half && !f16) v = unpacked(four);
              @else v = vec4f(four);
            }
            aTile[l * A_LINE + i] = v;
          }
        } else {
          let line = (k + 3u) / 4u;
          for (var t = local; t < FOURS_K * ROWS; t += THREADS) {
            let l = t % FOURS_K;
            let i = t / FOURS_K;
            var v: array<vec4f, 4>;
            // unroll
            for (var s = 0u; s < 4u; s++) {
              v[s] = vec4f();
              if (k0 + 4u * l < last) {
                let at = aBase + min(row0 + 4u * i + s, params.m - 1u) * line + k0 / 4u + l;
                var four: Operand;
                if (PAIR && second) { four = a2[at]; } else { four = a[at]; }
                @if(half && !f16) v[s] = unpacked(four);
                @else v[s] = vec4f(four);
              }
            }
            // unroll
            for (var s = 0u; s < 4u; s++) {
              aTile[(4u * l + s) * A_LINE + i] = vec4f(v[0u][s], v[1u][s], v[2u][s], v[3u][s]);
            }
          }
        }
        if (TRANSPOSE_B) {
          let line = (k + 3u) / 4u;
          for (var t = local; t < FOURS_K * COLUMNS; t += THREADS) {
            let l = t % FOURS_K;
            let j = t / FOURS_K;
            var v: array<vec4f, 4>;
            // unroll
            for (var s = 0u; s < 4u; s++) {
              v[s] = vec4f();
              if (k0 + 4u * l < last) {
                let at = bBase + min(4u * (column0 + j) + s, params.n - 1u) * line + k0 / 4u + l;
                var four: Operand;
                if (PAIR && second) { four = b2[at]; } else { four = b[at]; }
                @if(half && !f16) v[s] = unpacked(four);
                @else v[s] = vec4f(four);
              }
            }
            // unroll
            for (var s = 0u; s < 4u; s++) {
              bTile[(4u * l + s) * B_LINE + j] = vec4f(v[0u][s], v[1u][s], v[2u][s], v[3u][s]);
            }
          }
        } else {
          for (var t = local; t < TILE_K * COLUMNS; t += THREADS) {
            let l = t / COLUMNS;
            let j = t % COLUMNS;
            var v = vec4f();
            if (k0 + l < last) {
              let at = bBase + (k0 + l) * fours + min(column0 + j, fours - 1u);
              var four: Operand;
              if (PAIR && second) { four = b2[at]; } else { four = b[at]; }
              @if(half && !f16) v = unpacked(four);
              @else v = vec4f(four);
            }
            bTile[l * B_LINE + j] = v;
          }
        }
      }
      @else {
        for (var t = local; t < TILE_K * ROWS; t += THREADS) {
          let l = select(t % TILE_K, t / ROWS, TRANSPOSE_A);
          let i = select(t / TILE_K, t % ROWS, TRANSPOSE_A);
          let row = select(k, 1u, TRANSPOSE_A);
          let step = select(1u, params.m, TRANSPOSE_A);
          var v = vec4f();
          if (k0 + l < last) {
            // unroll
            for (var s = 0u; s < 4u; s++) {
              let at = aBase + min(row0 + 4u * i + s, params.m - 1u) * row + (k0 + l) * step;
              if (PAIR && second) { v[s] = a2[at]; } else { v[s] = a[at]; }
            }
          }
          aTile[l * A_LINE + i] = v;
        }
        for (var t = local; t < TILE_K * COLUMNS; t += THREADS) {
          let l = select(t / COLUMNS, t % TILE_K, TRANSPOSE_B);
          let j = select(t % COLUMNS, t / TILE_K, TRANSPOSE_B);
          let column = select(1u, k, TRANSPOSE_B);
          let step = select(params.n, 1u, TRANSPOSE_B);
          var v = vec4f();
          if (k0 + l < last) {
            // unroll
            for (var s = 0u; s < 4u; s++) {
              let at = bBase + min(4u * (column0 + j) + s, params.n - 1u) * column + (k0 + l) * step;
              if (PAIR && second) { v[s] = b2[at]; } else { v[s] = b[at]; }
            }
          }
          bTile[l * B_LINE + j] = v;
        }
      }
      workgroupBarrier();
      for (var l = 0u; l < TILE_K; l += STEPS) {
        // unroll
        for (var s = 0u; s < STEPS; s++) {
          // unroll
          for (var i = 0u; i < FOURS_M; i++) { av[i] = aTile[(l + s) * A_LINE + up + i * DOWN]; }
          // unroll
          for (var j = 0u; j < FOURS_N; j++) { bv[j] = bTile[(l + s) * B_LINE + left + j * ACROSS]; }
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

  let cBase = params.cOffset + r * params.cReplica + p * params.cBatch;
  let columns = params.n / TOGETHER;
  if (COLUMN_SUM && column0 + left == 0u) {
    let at = params.columnSumOffset + r * params.cReplica + p * params.cBatch;
    // unroll
    for (var i = 0u; i < FOURS_M; i++) {
      let row = row0 + 4u * (up + i * DOWN);
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
      let row = row0 + 4u * (up + i * DOWN) + t;
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
