// matmulStrided: C = op(A) op(B) for the forms NN, NT and TN, any shape, then bias, activation or activation mask.
// Layout: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], c [m, n], bias [n], y [m,
//   n] row-major and dense. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, TILE_M x TILE_N outputs an invocation, columns ceil(n / TILE_N) apart so that
//   neighbouring invocations touch neighbouring columns. SMOOTH: compile tanh and sigmoid in.
// Form and epilogue are chosen at run time (see shared/anyFormProduct), so that one pipeline, quickly compiled, serves all
//   small products. columnSum: by the first tile of each row, which has them in registers.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and (1 / TILE_M + 1 / TILE_N) 4 k bytes an output, before caches.

import package::shared::anyFormProduct::{a, b, c, finish, params};

// knobs
const WIDTH: u32 = 4u;
const TILE_M: u32 = 4u;
const TILE_N: u32 = 8u;
const SMOOTH: bool = false;
// end knobs

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.n + TILE_N - 1u) / TILE_N;
  let tiles = across * ((params.m + TILE_M - 1u) / TILE_M);
  let tile = (group.x + group.y * groups.x) * WIDTH + local;
  if (tile >= tiles) { return; }
  let aBase = params.aOffset + r * params.aReplica;
  let bBase = params.bOffset + r * params.bReplica;
  let row0 = tile / across * TILE_M;
  let col0 = tile % across;

  var aAt: array<u32, TILE_M>;
  var bAt: array<u32, TILE_N>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { aAt[i] = aBase + min(row0 + i, params.m - 1u) * params.aRow; }
  // unroll
  for (var j = 0u; j < TILE_N; j++) { bAt[j] = bBase + min(col0 + j * across, params.n - 1u) * params.bColumn; }
  var sum: array<array<f32, TILE_N>, TILE_M>;
  var rowSum: array<f32, TILE_M>;
  var bl: array<f32, TILE_N>;
  for (var l = 0u; l < params.k; l++) {
    let aMove = l * params.aStep;
    let bMove = l * params.bStep;
    // unroll
    for (var j = 0u; j < TILE_N; j++) { bl[j] = b[bAt[j] + bMove]; }
    // unroll
    for (var i = 0u; i < TILE_M; i++) {
      let x = a[aAt[i] + aMove];
      rowSum[i] += x;
      // unroll
      for (var j = 0u; j < TILE_N; j++) { sum[i][j] += x * bl[j]; }
    }
  }

  // Through arrays that stay rolled: a row's end is compiled once, not once a row. A loop of one turn is left where a branch not
  // taken is executed.
  var out: array<array<f32, TILE_N>, TILE_M>;
  // unroll
  for (var i = 0u; i < TILE_M; i++) { out[i] = sum[i]; }
  let cBase = params.cOffset + r * params.cReplica;
  for (var i = 0u; i < TILE_M; i++) {
    let row = row0 + i;
    if (row >= params.m) { break; }
    var values = out[i];
    for (var more = params.bias + params.activation + params.mask != 0u; more; more = false) {
      for (var j = 0u; j < TILE_N; j++) {
        let col = min(col0 + j * across, params.n - 1u);
        values[j] = finish(values[j], r, row, col, SMOOTH);
      }
    }
    // unroll
    for (var j = 0u; j < TILE_N; j++) {
      let col = col0 + j * across;
      if (col < params.n) { c[cBase + row * params.n + col] = values[j]; }
    }
  }
  for (var more = params.columnSum != 0u && col0 == 0u; more; more = false) {
    // unroll
    for (var i = 0u; i < TILE_M; i++) {
      if (row0 + i < params.m) { c[params.columnSumOffset + r * params.cReplica + row0 + i] = rowSum[i]; }
    }
  }
}
