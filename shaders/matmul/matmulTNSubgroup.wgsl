// matmulTNSubgroup: C = Aᵀ B, the gradient of a weight. K, m and n divisible by 4.
// Layout: a [k, m], b [k, n], c [m, n], row-major and dense; all in fours. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, four (a quad) a tile. A tile is 4 TILE_Q rows by 4 TILE_N columns:
//   each lane holds TILE_N of the columns and loads TILE_Q of the rows, which the quad passes around. TILE_N
//   = 4 FOURS_N and TILE_Q = 4 FOURS_Q: operands that are contiguous across k are loaded four by four and
//   transposed in registers.
// columnSum: also c[columnSumOffset + i] = sum over l of a[l, i], by ceil(m / (4 WIDTH)) workgroups after the
//   tiles' own.
// Order: one accumulator an output; products of four consecutive k are summed first, k ascending.
// Cost: 2 k flops and (1 / TILE_Q + 1 / TILE_N) k bytes an output, before caches. SwiftShader spends some 45
//   cycles on each scalar load whatever its address, and some 7 on each accumulator an iteration: hence the
//   four k at once and the large tile.

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 4u;
const TILE_N: u32 = 8u;
const FOURS_Q: u32 = 1u;
const FOURS_N: u32 = 2u;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  columnSum: u32, columnSumOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;

fn sumFourColumns(r: u32, four: u32) {
  if (4u * four >= params.m) { return; }
  let at = (params.aOffset + r * params.aReplica) / 4u + four;
  var total = vec4f();
  for (var l = 0u; l < params.k; l++) { total += a[at + l * (params.m / 4u)]; }
  c[(params.columnSumOffset + r * params.cReplica) / 4u + four] = total;
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
  let aStep = params.m / 4u;
  let bStep = params.n / 4u;
  if (params.columnSum != 0u) {
    let tiles = across * ((params.m + 4u * TILE_Q - 1u) / (4u * TILE_Q));
    let tileGroups = (tiles + WIDTH / 4u - 1u) / (WIDTH / 4u);
    if (index >= tileGroups) {
      sumFourColumns(r, (index - tileGroups) * WIDTH + local);
      return;
    }
  }
  // A tile past the last one has its rows past m: it computes on clamped operands and stores nothing.
  let tile = index * (WIDTH / 4u) + local / 4u;
  let row0 = tile / across * (4u * TILE_Q);
  let col0 = tile % across * (4u * TILE_N);

  var aAt: array<u32, FOURS_Q>;
  var bAt: array<u32, FOURS_N>;
  // unroll
  for (var q = 0u; q < FOURS_Q; q++) { aAt[q] = aBase + min(row0 / 4u + q * 4u + lane, aStep - 1u); }
  // unroll
  for (var j = 0u; j < FOURS_N; j++) { bAt[j] = bBase + min(col0 / 4u + j * 4u + lane, bStep - 1u); }

  var sum: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  var ak: array<vec4f, TILE_Q>;
  var bk: array<vec4f, TILE_N>;
  for (var l0 = 0u; l0 < params.k; l0 += 4u) {
    // unroll
    for (var q = 0u; q < FOURS_Q; q++) {
      let at = aAt[q] + l0 * aStep;
      let f0 = a[at];
      let f1 = a[at + aStep];
      let f2 = a[at + 2u * aStep];
      let f3 = a[at + 3u * aStep];
      ak[4u * q] = vec4f(f0.x, f1.x, f2.x, f3.x);
      ak[4u * q + 1u] = vec4f(f0.y, f1.y, f2.y, f3.y);
      ak[4u * q + 2u] = vec4f(f0.z, f1.z, f2.z, f3.z);
      ak[4u * q + 3u] = vec4f(f0.w, f1.w, f2.w, f3.w);
    }
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

  let four0 = col0 / 4u + lane;
  let cAt = (params.cOffset + r * params.cReplica) / 4u + row0 * bStep + four0;
  // unroll
  for (var j = 0u; j < FOURS_N; j++) {
    let four = four0 + 4u * j;
    if (four < bStep) {
      // unroll
      for (var p = 0u; p < FOURS_Q; p++) {
        let above = 16u * p;
        // unroll
        for (var t = 0u; t < 4u; t++) {
          let row = row0 + above + 4u * t;
          if (row < params.m) {
            let at = cAt + (above + 4u * t) * bStep + 4u * j;
            // unroll
            for (var q = 0u; q < 4u; q++) {
              c[at + q * bStep] = vec4f(
                sum[4u * p + q][t][4u * j], sum[4u * p + q][t][4u * j + 1u],
                sum[4u * p + q][t][4u * j + 2u], sum[4u * p + q][t][4u * j + 3u],
              );
            }
          }
        }
      }
    }
  }
}
