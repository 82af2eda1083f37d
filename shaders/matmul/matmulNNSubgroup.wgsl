// matmulNNSubgroup: C = A B, then bias, activation or activation mask. K and n divisible by 4.
// Layout: a [m, k], b [k, n], c [m, n], bias [n], y [m, n], row-major and dense; all in fours. Replica r is
//   workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, four (a quad) a tile. A tile is 4 TILE_Q rows by 4 TILE_N columns:
//   each lane holds TILE_N of the columns and loads TILE_Q of the rows, which the quad passes around. TILE_N
//   = 4 FOURS_N: operands that are contiguous across k are loaded four by four and transposed in registers.
// Epilogue: chosen at run time, so that one pipeline serves all layers. bias: add bias[col]. activation: 0
//   none, 1 relu, 2 tanh, 3 sigmoid. mask: multiply by the derivative of that activation at its output y
//   (numbered alike).
// Order: one accumulator an output; products of four consecutive k are summed first, k ascending.
// Cost: 2 k flops and (1 / TILE_Q + 1 / TILE_N) k bytes an output, before caches. SwiftShader spends some 45
//   cycles on each scalar load whatever its address, and some 7 on each accumulator an iteration: hence the
//   four k at once and the large tile.

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 4u;
const TILE_N: u32 = 8u;
const FOURS_N: u32 = 2u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  bias: u32, biasOffset: u32, biasReplica: u32, mask: u32, yOffset: u32, yReplica: u32, activation: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> y: array<vec4f>;

fn finish(value: vec4f, r: u32, row: u32, four: u32) -> vec4f {
  var v = value;
  if (params.bias != 0u) { v += bias[(params.biasOffset + r * params.biasReplica) / 4u + four]; }
  if (params.activation == 1u) { v = select(v, vec4f(), v < vec4f()); }
  if (params.activation == 2u) { v = select(tanh(v), sign(v), abs(v) > vec4f(10.0)); }
  if (params.activation == 3u) { let e = exp(-abs(v)); v = select(vec4f(1.0), e, v < vec4f()) / (1.0 + e); }
  if (params.mask != 0u) {
    let s = y[(params.yOffset + r * params.yReplica + row * params.n) / 4u + four];
    if (params.mask == 1u) { v = select(v, vec4f(), s <= vec4f()); }
    if (params.mask == 2u) { v *= 1.0 - s * s; }
    if (params.mask == 3u) { v *= s * (1.0 - s); }
  }
  return v;
}

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let across = (params.n + 4u * TILE_N - 1u) / (4u * TILE_N);
  let index = group.x + group.y * groups.x;
  let aBase = (params.aOffset + r * params.aReplica) / 4u;
  let bBase = (params.bOffset + r * params.bReplica) / 4u;
  let fours = params.k / 4u;
  let bStep = params.n / 4u;
  // A tile past the last one has its rows past m: it computes on clamped operands and stores nothing.
  let tile = index * (WIDTH / 4u) + local / 4u;
  let row0 = tile / across * (4u * TILE_Q);
  let col0 = tile % across * (4u * TILE_N);

  var aAt: array<u32, TILE_Q>;
  var bAt: array<u32, FOURS_N>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) { aAt[q] = aBase + min(row0 + q * 4u + lane, params.m - 1u) * fours; }
  // unroll
  for (var j = 0u; j < FOURS_N; j++) { bAt[j] = bBase + min(col0 / 4u + j * 4u + lane, bStep - 1u); }

  var sum: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  var ak: array<vec4f, TILE_Q>;
  var bk: array<vec4f, TILE_N>;
  for (var l0 = 0u; l0 < params.k; l0 += 4u) {
    // unroll
    for (var q = 0u; q < TILE_Q; q++) { ak[q] = a[aAt[q] + l0 / 4u]; }
    // unroll
    for (var j = 0u; j < FOURS_N; j++) {
      let at = bAt[j] + l0 * bStep;
      let f0 = b[at];
      let f1 = b[at + bStep];
      let f2 = b[at + 2u * bStep];
      let f3 = b[at + 3u * bStep];
      bk[4u * j] = vec4f(f0.x, f1.x, f2.x, f3.x);
      bk[4u * j + 1u] = vec4f(f0.y, f1.y, f2.y, f3.y);
      bk[4u * j + 2u] = vec4f(f0.z, f1.z, f2.z, f3.z);
      bk[4u * j + 3u] = vec4f(f0.w, f1.w, f2.w, f3.w);
    }
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

  // Through an array that stays rolled: the epilogue is compiled once, not once an output.
  var out: array<array<array<vec4f, FOURS_N>, 4>, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    let rows = q;
    // unroll
    for (var t = 0u; t < 4u; t++) {
      let row = t;
      // unroll
      for (var p = 0u; p < FOURS_N; p++) {
        out[q][t][p] = vec4f(sum[q][t][4u * p], sum[q][t][4u * p + 1u], sum[q][t][4u * p + 2u], sum[q][t][4u * p + 3u]);
      }
    }
  }
  let plain = params.bias + params.activation + params.mask == 0u;
  let four0 = col0 / 4u + lane;
  let cFours = params.n / 4u;
  let cBase = (params.cOffset + r * params.cReplica) / 4u;
  for (var i = 0u; i < 4u * TILE_Q; i++) {
    let row = row0 + i;
    if (row >= params.m) { break; }
    for (var p = 0u; p < FOURS_N; p++) {
      let four = four0 + 4u * p;
      if (four >= cFours) { break; }
      var v = out[i / 4u][i % 4u][p];
      if (!plain) { v = finish(v, r, row, four); }
      c[cBase + row * cFours + four] = v;
    }
  }
}
