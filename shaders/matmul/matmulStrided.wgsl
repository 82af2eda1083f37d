// matmulStrided: C = op(A) op(B) for the forms NN, NT and TN, any shape, then bias, activation or activation mask.
// Layout: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], c [m, n], bias [n], y [m,
//   n] row-major and dense. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, TILE x TILE outputs an invocation, columns ceil(n / TILE) apart so that
//   neighbouring invocations touch neighbouring columns. SMOOTH: compile tanh and sigmoid in.
// Form and epilogue are chosen at run time, so that one pipeline, quickly compiled, serves all small products.
//   bias: add bias[col]. activation: 0 none, 1 relu, 2 tanh, 3 sigmoid. mask: multiply by the derivative of that
//   activation at its output y (numbered alike). columnSum: also c[columnSumOffset + i] = sum over l of
//   op(A)[i, l], by ceil(m / WIDTH) workgroups after the tiles' own.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and 8 k / TILE bytes an output, before caches.

// knobs
const WIDTH: u32 = 4u;
const TILE: u32 = 4u;
const SMOOTH: bool = false;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  bias: u32, biasOffset: u32, biasReplica: u32, mask: u32, yOffset: u32, yReplica: u32, activation: u32,
  aRow: u32, aStep: u32, bColumn: u32, bStep: u32, columnSum: u32, columnSumOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;

fn finish(value: f32, r: u32, row: u32, col: u32) -> f32 {
  var v = value;
  if (params.bias != 0u) { v += bias[params.biasOffset + r * params.biasReplica + col]; }
  if (params.activation == 1u) { v = select(v, 0.0, bitcast<u32>(v) > 0x80000000u && bitcast<u32>(v) <= 0xff800000u); }
  if (SMOOTH && params.activation == 2u) { v = select(select(tanh(v), sign(v), abs(v) > 10.0), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u); }
  if (SMOOTH && params.activation == 3u) { let e = exp(-abs(v)); v = select(select(1.0, e, v < 0.0) / (1.0 + e), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u); }
  if (params.mask != 0u) {
    let s = y[params.yOffset + r * params.yReplica + row * params.n + col];
    if (params.mask == 1u) { v = select(v, 0.0, s <= 0.0); }
    if (SMOOTH && params.mask == 2u) { v *= 1.0 - s * s; }
    if (SMOOTH && params.mask == 3u) { v *= s * (1.0 - s); }
  }
  return v;
}

fn sumColumn(r: u32, i: u32) {
  if (i >= params.m) { return; }
  let at = params.aOffset + r * params.aReplica + i * params.aRow;
  var total = 0.0;
  for (var l = 0u; l < params.k; l++) { total += a[at + l * params.aStep]; }
  c[params.columnSumOffset + r * params.cReplica + i] = total;
}

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + TILE - 1u) / TILE;
  let tiles = across * ((params.m + TILE - 1u) / TILE);
  let tileGroups = (tiles + WIDTH - 1u) / WIDTH;
  let index = group.x + group.y * groups.x;
  if (params.columnSum != 0u && index >= tileGroups) {
    sumColumn(r, (index - tileGroups) * WIDTH + local);
    return;
  }
  let tile = index * WIDTH + local;
  if (tile >= tiles) { return; }
  let aBase = params.aOffset + r * params.aReplica;
  let bBase = params.bOffset + r * params.bReplica;
  let row0 = tile / across * TILE;
  let col0 = tile % across;

  var aAt: array<u32, TILE>;
  var bAt: array<u32, TILE>;
  // unroll
  for (var i = 0u; i < TILE; i++) {
    aAt[i] = aBase + min(row0 + i, params.m - 1u) * params.aRow;
    bAt[i] = bBase + min(col0 + i * across, params.n - 1u) * params.bColumn;
  }
  var sum: array<array<f32, TILE>, TILE>;
  var bl: array<f32, TILE>;
  for (var l = 0u; l < params.k; l++) {
    let aMove = l * params.aStep;
    let bMove = l * params.bStep;
    // unroll
    for (var j = 0u; j < TILE; j++) { bl[j] = b[bAt[j] + bMove]; }
    // unroll
    for (var i = 0u; i < TILE; i++) {
      let x = a[aAt[i] + aMove];
      // unroll
      for (var j = 0u; j < TILE; j++) { sum[i][j] += x * bl[j]; }
    }
  }

  // Through an array that stays rolled: the epilogue is compiled once, not once an output.
  var out: array<array<f32, TILE>, TILE>;
  // unroll
  for (var i = 0u; i < TILE; i++) { out[i] = sum[i]; }
  let cBase = params.cOffset + r * params.cReplica;
  for (var i = 0u; i < TILE; i++) {
    let row = row0 + i;
    if (row >= params.m) { break; }
    for (var j = 0u; j < TILE; j++) {
      let col = col0 + j * across;
      if (col < params.n) { c[cBase + row * params.n + col] = finish(out[i][j], r, row, col); }
    }
  }
}
