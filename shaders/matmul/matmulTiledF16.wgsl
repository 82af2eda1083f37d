// matmulTiledF16: C = op(A) op(B) for the forms NN, NT and TN, of operands stored in float16, summed in float32, then bias,
//   addend, activation or activation mask. For GPUs with shader-f16; the bits are those of matmulTiledHalf.
// Layout: a [m, k], or [k, m] with TRANSPOSE_A; b [k, n], or [n, k] with TRANSPOSE_B: as packHalf leaves them, rows of
//   halves filled up with zeros to whole fours. C [m, n], bias [n], y and addend [m, n]: float32, row-major and dense.
//   Replica r is workgroup_id.z.
// Knobs: THREADS invocations a workgroup, ACROSS of them along columns; each holds 4 FOURS_M rows by 4 FOURS_N
//   columns, whose fours are as far apart as there are invocations that way: a workgroup's tile is 4 FOURS_M
//   THREADS / ACROSS by 4 FOURS_N ACROSS. TILE_K of k are staged at once, as float32, STEPS of them unrolled. BIAS,
//   ADDEND: add bias[col], addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid. MASK: multiply by the
//   derivative of that activation at its output y (numbered alike).
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and (1 / rows + 1 / columns of the workgroup's tile) 2 k bytes an output, before caches; workgroup
//   memory as in matmulTiledVec4.

enable f16;

// knobs
const THREADS: u32 = 64u;
const ACROSS: u32 = 8u;
const FOURS_M: u32 = 1u;
const FOURS_N: u32 = 1u;
const TILE_K: u32 = 16u;
const STEPS: u32 = 4u;
const TRANSPOSE_A: bool = false;
const TRANSPOSE_B: bool = false;
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
@group(0) @binding(1) var<storage, read> a: array<vec4h>;
@group(0) @binding(2) var<storage, read> b: array<vec4h>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;
@group(0) @binding(6) var<storage, read> addend: array<f32>;

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
  let fours = (params.n + 3u) / 4u;
  let across = (fours + COLUMNS - 1u) / COLUMNS;
  let tiles = across * ((params.m + 4u * ROWS - 1u) / (4u * ROWS));
  let index = group.x + group.y * groups.x;
  if (index >= tiles) { return; }
  let row0 = index / across * (4u * ROWS);
  let column0 = index % across * COLUMNS;
  let up = local / ACROSS;
  let left = local % ACROSS;

  var sum: array<vec4f, SUMS>;
  var av: array<vec4f, FOURS_M>;
  var bv: array<vec4f, FOURS_N>;
  // Two words are a four of halves.
  let aBase = (params.aOffset + r * params.aReplica) / 2u;
  let bBase = (params.bOffset + r * params.bReplica) / 2u;
  let k = params.k;
  for (var k0 = 0u; k0 < k; k0 += TILE_K) {
    // What lies past the end of k is staged as zero; rows and columns past theirs repeat the last. The fours to be
    // transposed are zeroed by an assignment: SwiftShader does not zero an array again that a loop declares.
    if (TRANSPOSE_A) {
      let line = (params.m + 3u) / 4u;
      for (var t = local; t < TILE_K * ROWS; t += THREADS) {
        let l = t / ROWS;
        let i = t % ROWS;
        var v = vec4f();
        if (k0 + l < k) {
          let at = aBase + (k0 + l) * line + min(row0 / 4u + i, line - 1u);
          v = vec4f(a[at]);
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
          if (k0 + 4u * l < k) {
            let at = aBase + min(row0 + 4u * i + s, params.m - 1u) * line + k0 / 4u + l;
            v[s] = vec4f(a[at]);
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
          if (k0 + 4u * l < k) {
            let at = bBase + min(4u * (column0 + j) + s, params.n - 1u) * line + k0 / 4u + l;
            v[s] = vec4f(b[at]);
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
        if (k0 + l < k) {
          let at = bBase + (k0 + l) * fours + min(column0 + j, fours - 1u);
          v = vec4f(b[at]);
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

  let cBase = params.cOffset + r * params.cReplica;
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
        for (var s = 0u; s < 4u; s++) {
          let col = 4u * four + s;
          if (row < params.m && col < params.n) {
            var v = out[s];
            let at = row * params.n + col;
            if (BIAS) { v += bias[params.biasOffset + r * params.biasReplica + col]; }
            if (ADDEND) { v += addend[params.addendOffset + r * params.addendReplica + at]; }
            if (ACTIVATION == 1u) { v = select(v, 0.0, bitcast<u32>(v) > 0x80000000u && bitcast<u32>(v) <= 0xff800000u); }
            if (ACTIVATION == 2u) { v = select(select(tanh(v), sign(v), abs(v) > 10.0), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u); }
            if (ACTIVATION == 3u) { let e = exp(-abs(v)); v = select(select(1.0, e, v < 0.0) / (1.0 + e), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u); }
            if (MASK != 0u) {
              let d = y[params.yOffset + r * params.yReplica + at];
              if (MASK == 1u) { v = select(v, 0.0, d <= 0.0); }
              if (MASK == 2u) { v *= 1.0 - d * d; }
              if (MASK == 3u) { v *= d * (1.0 - d); }
            }
            c[cBase + at] = v;
          }
        }
      }
    }
  }
}
