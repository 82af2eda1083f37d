// matmulNN: C = A B, then bias, activation or activation mask. Any shape.
// Layout: a [m, k], b [k, n], c [m, n], bias [n], y [m, n], row-major and dense; replica r is workgroup_id.z.
// Knobs: TILE_M x TILE_N outputs an invocation, columns ceil(n / TILE_N) apart so that neighbouring
//   invocations touch neighbouring columns. BIAS: add bias[col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3
//   sigmoid. MASK: multiply by the derivative of that activation at its output y (numbered alike). Bindings
//   that a variant leaves unused may hold any buffer.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and (1 / TILE_M + 1 / TILE_N) 4 k bytes an output, before caches.

// knobs
const TILE_M: u32 = 4u;
const TILE_N: u32 = 4u;
const BIAS: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32,
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
  if (ACTIVATION == 1u) { v = select(v, 0.0, bitcast<u32>(v) > 0x80000000u && bitcast<u32>(v) <= 0xff800000u); }
  if (ACTIVATION == 2u) { v = select(select(tanh(v), sign(v), abs(v) > 10.0), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u); }
  if (ACTIVATION == 3u) { let e = exp(-abs(v)); v = select(select(1.0, e, v < 0.0) / (1.0 + e), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u); }
  if (MASK != 0u) {
    let s = y[params.yOffset + r * params.yReplica + row * params.n + col];
    if (MASK == 1u) { v = select(v, 0.0, s <= 0.0); }
    if (MASK == 2u) { v *= 1.0 - s * s; }
    if (MASK == 3u) { v *= s * (1.0 - s); }
  }
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
  let tile = index * 64u + local;
  if (tile >= tiles) { return; }
  let row0 = tile / across * TILE_M;
  let col0 = tile % across;

  var aAt: array<u32, TILE_M>;
  var bAt: array<u32, TILE_N>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { aAt[i] = aBase + min(row0 + i, params.m - 1u) * params.k; }
  // unroll
  for (var j = 0u; j < TILE_N; j++) { bAt[j] = bBase + min(col0 + j * across, params.n - 1u); }

  var sum: array<array<f32, TILE_N>, TILE_M>;
  var bk: array<f32, TILE_N>;
  for (var k = 0u; k < params.k; k++) {
    let ak = k;
    // unroll
    for (var j = 0u; j < TILE_N; j++) { bk[j] = b[bAt[j] + k * params.n]; }
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
