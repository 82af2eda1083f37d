// matmulSubgroup: C = op(A) op(B) for the forms NN, NT and TN, any shape, then bias, activation or activation
//   mask.
// Layout: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], c [m, n], bias [n], y [m,
//   n] row-major and dense. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, four (a quad) a tile. A tile is 4 TILE_Q rows by 4 TILE_N columns:
//   each lane holds TILE_N of the columns and loads TILE_Q of the rows, which the quad passes around. SMOOTH:
//   compile tanh and sigmoid in.
// Epilogue: chosen at run time, so that one pipeline serves all layers, in a second sweep over what the first
//   has stored, so that it is compiled once. bias: add bias[col]. activation: 0 none, 1 relu, 2 tanh, 3
//   sigmoid. mask: multiply by the derivative of that activation at its output y (numbered alike). columnSum:
//   also c[columnSumOffset + i] = sum over l of op(A)[i, l], by ceil(m / WIDTH) workgroups after the tiles'
//   own.
// Order: one accumulator an output; products of four consecutive k are summed first, k ascending.
// Cost: 2 k flops and (1 / TILE_Q + 1 / TILE_N) k bytes an output, before caches. SwiftShader spends some 45
//   cycles on each scalar load whatever its address, and some 7 on each accumulator an iteration: hence the
//   four k at once and the large tile.

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_N: u32 = 4u;
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

fn fourOfA(at: u32, l: vec4u, live: vec4<bool>) -> vec4f {
  let i = at + l * params.aStep;
  return select(vec4f(), vec4f(a[i.x], a[i.y], a[i.z], a[i.w]), live);
}

fn fourOfB(at: u32, l: vec4u, live: vec4<bool>) -> vec4f {
  let i = at + l * params.bStep;
  return select(vec4f(), vec4f(b[i.x], b[i.y], b[i.z], b[i.w]), live);
}

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
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let across = (params.n + 4u * TILE_N - 1u) / (4u * TILE_N);
  let index = group.x + group.y * groups.x;
  let aBase = params.aOffset + r * params.aReplica;
  let bBase = params.bOffset + r * params.bReplica;
  if (params.columnSum != 0u) {
    let tiles = across * ((params.m + 4u * TILE_Q - 1u) / (4u * TILE_Q));
    let tileGroups = (tiles + WIDTH / 4u - 1u) / (WIDTH / 4u);
    if (index >= tileGroups) {
      sumColumn(r, (index - tileGroups) * WIDTH + local);
      return;
    }
  }
  // A tile past the last one has its rows past m: it computes on clamped operands and stores nothing.
  let tile = index * (WIDTH / 4u) + local / 4u;
  let row0 = tile / across * (4u * TILE_Q);
  let col0 = tile % across * (4u * TILE_N);

  var aAt: array<u32, TILE_Q>;
  var bAt: array<u32, TILE_N>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) { aAt[q] = aBase + min(row0 + q * 4u + lane, params.m - 1u) * params.aRow; }
  // unroll
  for (var j = 0u; j < TILE_N; j++) { bAt[j] = bBase + min(col0 + j * 4u + lane, params.n - 1u) * params.bColumn; }

  var sum: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  var ak: array<vec4f, TILE_Q>;
  var bk: array<vec4f, TILE_N>;
  for (var l0 = 0u; l0 < params.k; l0 += 4u) {
    let four = l0 + vec4u(0u, 1u, 2u, 3u);
    let live = four < vec4u(params.k);
    let l = min(four, vec4u(params.k - 1u));
    // unroll
    for (var q = 0u; q < TILE_Q; q++) { ak[q] = fourOfA(aAt[q], l, live); }
    // unroll
    for (var j = 0u; j < TILE_N; j++) { bk[j] = fourOfB(bAt[j], l, live); }
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      let mine = ak[q];
      // unroll
      for (var t = 0u; t < 4u; t++) {
        let x = quadBroadcast(mine, t);
        // unroll
        for (var j = 0u; j < TILE_N; j++) { sum[q][t][j] += dot(x, bk[j]); }
      }
    }
  }

  let cAt = params.cOffset + r * params.cReplica + row0 * params.n + col0 + lane;
  // unroll
  for (var j = 0u; j < TILE_N; j++) {
    if (params.n > col0 + 4u * j + lane) {
      // unroll
      for (var q = 0u; q < TILE_Q; q++) {
        let first = 4u * q;
        // unroll
        for (var t = 0u; t < 4u; t++) {
          if (params.m > row0 + first + t) { c[cAt + (first + t) * params.n + 4u * j] = sum[q][t][j]; }
        }
      }
    }
  }

  if (params.bias + params.activation + params.mask == 0u) { return; }
  for (var i = 0u; i < 4u * TILE_Q; i++) {
    for (var j = 0u; j < TILE_N; j++) {
      if (params.m > row0 + i && params.n > col0 + 4u * j + lane) {
        let at = cAt + i * params.n + 4u * j;
        c[at] = finish(c[at], r, row0 + i, col0 + 4u * j + lane);
      }
    }
  }
}
