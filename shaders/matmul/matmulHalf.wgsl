// matmulHalf: C = op(A) op(B) for the forms NN, NT and TN, of operands stored in float16, summed in float32, then bias,
//   addend, activation or activation mask. Any shape; needs no feature: halves are unpacked from words.
// Layout: op(A)[i, l] is half i aRow + l aStep of a, op(B)[l, j] half j bColumn + l bStep of b, as packHalf leaves them;
//   c, y and addend [m, n] row-major and dense, bias [n], all float32. Replica r is workgroup_id.z.
// Knobs: TILE_M x TILE_N outputs an invocation, columns ceil(n / TILE_N) apart so that neighbouring invocations
//   touch neighbouring columns. BIAS, ADDEND: add bias[col], addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3
//   sigmoid. MASK: multiply by the derivative of that activation at its output y (numbered alike).
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and (1 / TILE_M + 1 / TILE_N) 2 k bytes an output, before caches. No workgroup memory.

// knobs
const TILE_M: u32 = 4u;
const TILE_N: u32 = 4u;
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aRow: u32, aStep: u32, bColumn: u32, bStep: u32,
  aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, addendOffset: u32, addendReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<u32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;
@group(0) @binding(6) var<storage, read> addend: array<f32>;

const TILE: u32 = TILE_M * TILE_N;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + TILE_N - 1u) / TILE_N;
  let tiles = across * ((params.m + TILE_M - 1u) / TILE_M);
  let index = (group.x + group.y * groups.x) * 64u + local;
  if (index >= tiles) { return; }
  let row0 = index / across * TILE_M;
  let col0 = index % across;

  var aAt: array<u32, TILE_M>;
  var bAt: array<u32, TILE_N>;
  // Two halves a word.
  let aBase = 2u * (params.aOffset + r * params.aReplica);
  let bBase = 2u * (params.bOffset + r * params.bReplica);
  // unroll
  for (var i = 0u; i < TILE_M; i++) { aAt[i] = aBase + min(row0 + i, params.m - 1u) * params.aRow; }
  // unroll
  for (var j = 0u; j < TILE_N; j++) { bAt[j] = bBase + min(col0 + j * across, params.n - 1u) * params.bColumn; }

  var sum: array<f32, TILE>;
  var bl: array<f32, TILE_N>;
  for (var l = 0u; l < params.k; l++) {
    // unroll
    for (var j = 0u; j < TILE_N; j++) {
      let at = bAt[j] + l * params.bStep;
      bl[j] = unpack2x16float(b[at / 2u])[at % 2u];
    }
    // unroll
    for (var i = 0u; i < TILE_M; i++) {
      let at = aAt[i] + l * params.aStep;
      let x = unpack2x16float(a[at / 2u])[at % 2u];
      // unroll
      for (var j = 0u; j < TILE_N; j++) { sum[i * TILE_N + j] += x * bl[j]; }
    }
  }

  // Through an array that stays rolled: the epilogue is compiled once, not once an output.
  var out: array<f32, TILE>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) {
    // unroll
    for (var j = 0u; j < TILE_N; j++) { out[i * TILE_N + j] = sum[i * TILE_N + j]; }
  }
  let cBase = params.cOffset + r * params.cReplica;
  for (var i = 0u; i < TILE_M; i++) {
    let row = row0 + i;
    if (row >= params.m) { break; }
    for (var j = 0u; j < TILE_N; j++) {
      let col = col0 + j * across;
      if (col < params.n) {
        var v = out[i * TILE_N + j];
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
