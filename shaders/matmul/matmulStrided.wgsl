// matmulStrided: C = op(A) op(B) for the forms NN, NT and TN, any shape, then bias, activation or activation mask.
// Layout: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], c [m, n], bias [n], y [m,
//   n] row-major and dense. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, TILE x TILE outputs an invocation, columns ceil(n / TILE) apart so that
//   neighbouring invocations touch neighbouring columns. SMOOTH: compile tanh and sigmoid in.
// Form and epilogue are chosen at run time (see shared/anyFormProduct), so that one pipeline, quickly compiled, serves all
//   small products. columnSum: by ceil(m / WIDTH) workgroups after the tiles' own.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and 8 k / TILE bytes an output, before caches.

import package::shared::anyFormProduct::{a, b, c, finish, params, sumColumn};

// knobs
const WIDTH: u32 = 4u;
const TILE: u32 = 4u;
const SMOOTH: bool = false;
// end knobs

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
      if (col < params.n) { c[cBase + row * params.n + col] = finish(out[i][j], r, row, col, SMOOTH); }
    }
  }
}
