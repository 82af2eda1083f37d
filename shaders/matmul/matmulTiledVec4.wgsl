// matmulTiledVec4: C = op(A) op(B), or op(A) op(B) + op(A2) op(B2), for the forms NN, NT and TN, then bias,
//   addend, activation or activation mask; batches by strides, and parts of k into slices of C (split-K). For
//   GPUs. N is divisible by 4, and so is m (TN) or k (NN and NT).
// Layout: a [m, k], or [k, m] with TRANSPOSE_A; b [k, n], or [n, k] with TRANSPOSE_B; a2, b2 alike with k2; c
//   [m, n]; bias [n]; y and addend [m, n]: row-major and dense, all in fours. Product p of `batches`, outer and
//   inner index (p / inner, p % inner), reads a and b that many times aOuter + aInner (bOuter + bInner) on, takes
//   kLength of the k from p kStride on, and writes c p times cBatch on. Replica r is workgroup_id.z.
// Knobs: THREADS invocations a workgroup, ACROSS of them along columns; each holds 4 FOURS_M rows by 4 FOURS_N
//   columns, whose fours are as far apart as there are invocations that way: a workgroup's tile is 4 FOURS_M
//   THREADS / ACROSS by 4 FOURS_N ACROSS. TILE_K of k are staged at once, STEPS of them unrolled. PAIR: add the
//   second product. BIAS, ADDEND: add bias[col], addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid.
//   MASK: multiply by the derivative of that activation at its output y (numbered alike). COLUMN_SUM
//   (TRANSPOSE_A without PAIR): also c[columnSumOffset + i] = sum over l of a[l, i], from the operands of the
//   tiles of the first column.
// Order: one accumulator an output, k ascending, the second product after the first.
// Cost: 2 k flops and (1 / rows + 1 / columns of the workgroup's tile) 4 k bytes an output, before caches;
//   TILE_K (rows + columns + 8) 4 bytes of workgroup memory, of which an invocation reads one vec4 for every four
//   (FOURS = 1) or eight (2) multiplications of a vec4. Both operands are staged with k outermost, so that every
//   read of them is a vec4 of consecutive addresses (B) or one address for the invocations of a row (A); an
//   operand with k contiguous is transposed on the way in, in blocks of 4 by 4, to rows one vec4 longer than the
//   tile: of eight invocations that store together two meet in a bank, not eight.

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
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> y: array<vec4f>;
@group(0) @binding(6) var<storage, read> addend: array<vec4f>;
@group(0) @binding(7) var<storage, read> a2: array<vec4f>;
@group(0) @binding(8) var<storage, read> b2: array<vec4f>;

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

@compute @workgroup_size(THREADS) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let fours = params.n / 4u;
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
  var aBase = (params.aOffset + r * params.aReplica + outer * params.aOuter + inner * params.aInner) / 4u;
  var bBase = (params.bOffset + r * params.bReplica + outer * params.bOuter + inner * params.bInner) / 4u;
  var k = params.k;
  var first = p * params.kStride;
  var last = min(k, first + params.kLength);
  var second = false;
  loop {
    for (var k0 = first; k0 < last; k0 += TILE_K) {
      // What lies past the end of k is staged as zero; rows and columns past theirs repeat the last. The fours to be
      // transposed are zeroed by an assignment: SwiftShader does not zero an array again that a loop declares.
      if (TRANSPOSE_A) {
        let line = params.m / 4u;
        for (var t = local; t < TILE_K * ROWS; t += THREADS) {
          let l = t / ROWS;
          let i = t % ROWS;
          var v = vec4f();
          if (k0 + l < last) {
            let at = aBase + (k0 + l) * line + min(row0 / 4u + i, line - 1u);
            if (PAIR && second) { v = a2[at]; } else { v = a[at]; }
          }
          aTile[l * A_LINE + i] = v;
        }
      } else {
        let line = k / 4u;
        for (var t = local; t < FOURS_K * ROWS; t += THREADS) {
          let l = t % FOURS_K;
          let i = t / FOURS_K;
          var v: array<vec4f, 4>;
          // unroll
          for (var s = 0u; s < 4u; s++) {
            v[s] = vec4f();
            if (k0 + 4u * l < last) {
              let at = aBase + min(row0 + 4u * i + s, params.m - 1u) * line + k0 / 4u + l;
              if (PAIR && second) { v[s] = a2[at]; } else { v[s] = a[at]; }
            }
          }
          // unroll
          for (var s = 0u; s < 4u; s++) {
            aTile[(4u * l + s) * A_LINE + i] = vec4f(v[0u][s], v[1u][s], v[2u][s], v[3u][s]);
          }
        }
      }
      if (TRANSPOSE_B) {
        let line = k / 4u;
        for (var t = local; t < FOURS_K * COLUMNS; t += THREADS) {
          let l = t % FOURS_K;
          let j = t / FOURS_K;
          var v: array<vec4f, 4>;
          // unroll
          for (var s = 0u; s < 4u; s++) {
            v[s] = vec4f();
            if (k0 + 4u * l < last) {
              let at = bBase + min(4u * (column0 + j) + s, params.n - 1u) * line + k0 / 4u + l;
              if (PAIR && second) { v[s] = b2[at]; } else { v[s] = b[at]; }
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
            if (PAIR && second) { v = b2[at]; } else { v = b[at]; }
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
    aBase = (params.a2Offset + r * params.a2Replica) / 4u;
    bBase = (params.b2Offset + r * params.b2Replica) / 4u;
    k = params.k2;
    first = 0u;
    last = k;
  }

  let cBase = params.cOffset + r * params.cReplica + p * params.cBatch;
  if (COLUMN_SUM && column0 + left == 0u) {
    // unroll
    for (var i = 0u; i < FOURS_M; i++) {
      let row = row0 + 4u * (up + i * DOWN);
      if (row < params.m) {
        c[(params.columnSumOffset + r * params.cReplica + p * params.cBatch + row) / 4u] = columnSum[i];
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
        if (row < params.m && four < fours) {
          var v = sum[(4u * i + t) * FOURS_N + j];
          let at = row * fours + four;
          if (BIAS) { v += bias[(params.biasOffset + r * params.biasReplica) / 4u + four]; }
          if (ADDEND) { v += addend[(params.addendOffset + r * params.addendReplica) / 4u + at]; }
          if (ACTIVATION == 1u) { v = select(v, vec4f(), (bitcast<vec4u>(v) > vec4u(0x80000000u)) & (bitcast<vec4u>(v) <= vec4u(0xff800000u))); }
          if (ACTIVATION == 2u) { v = select(select(tanh(v), sign(v), abs(v) > vec4f(10.0)), v, (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u)); }
          if (ACTIVATION == 3u) { let e = exp(-abs(v)); v = select(select(vec4f(1.0), e, v < vec4f()) / (1.0 + e), v, (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u)); }
          if (MASK != 0u) {
            let s = y[(params.yOffset + r * params.yReplica) / 4u + at];
            if (MASK == 1u) { v = select(v, vec4f(), s <= vec4f()); }
            if (MASK == 2u) { v *= 1.0 - s * s; }
            if (MASK == 3u) { v *= s * (1.0 - s); }
          }
          c[cBase / 4u + at] = v;
        }
      }
    }
  }
}
