// matmulSubgroup: C = op(A) op(B) for the forms NN, NT and TN, any shape, then bias, activation or activation
//   mask.
// Layout: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], c [m, n], bias [n], y [m,
//   n] row-major and dense. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, four (a quad) a tile. A tile is 4 TILE_Q rows by 4 TILE_N columns:
//   each lane holds TILE_N of the columns and loads TILE_Q of the rows, which the quad passes around. SMOOTH:
//   compile tanh and sigmoid in.
// Epilogue: chosen at run time (see shared/anyFormProduct), so that one pipeline serves all layers, in a second sweep over
//   what the first has stored, so that it is compiled once. columnSum: by ceil(m / WIDTH) workgroups after the tiles' own.
// Order: one accumulator an output; products of four consecutive k are summed first, k ascending.
// Cost: 2 k flops and (1 / TILE_Q + 1 / TILE_N) k bytes an output, before caches. SwiftShader spends some 45
//   cycles on each scalar load whatever its address, and some 7 on each accumulator an iteration: hence the
//   four k at once and the large tile.

import package::shared::anyFormProduct::{a, b, c, finish, params, sumColumn};

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_N: u32 = 4u;
const SMOOTH: bool = false;
// end knobs

fn fourOfA(at: u32, l: vec4u, live: vec4<bool>) -> vec4f {
  let i = at + l * params.aStep;
  return select(vec4f(), vec4f(a[i.x], a[i.y], a[i.z], a[i.w]), live);
}

fn fourOfB(at: u32, l: vec4u, live: vec4<bool>) -> vec4f {
  let i = at + l * params.bStep;
  return select(vec4f(), vec4f(b[i.x], b[i.y], b[i.z], b[i.w]), live);
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
        c[at] = finish(c[at], r, row0 + i, col0 + 4u * j + lane, SMOOTH);
      }
    }
  }
}
