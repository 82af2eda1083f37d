// embeddingNorms: the parts of ‖g_u‖² for each unit u of rows, g_u[v, k] = Σ d[m, k] over the rows m of the unit of which the index is v:
//   y[m] = Σ_k g_u[index m, k]² where row m is the first of its unit with that index, else 0. Summed over the unit's rows they are ‖g_u‖².
// Layout: d [rows, width]; index (u32, below entries) [rows]; y [rows]; units of `unit` consecutive rows.
// Knobs: TILE columns of g_u at a time.
// An index past the end gives NaN.
// Order: rows of one index ascending; squares by k ascending.
// Cost: for each row at most unit·(1 + width/TILE) indices of 4 bytes; 1 flop and 4 bytes an element of d, 2 flops one of g_u.

import package::shared::floats::nan;

// knobs
const TILE: u32 = 16u;
// end knobs

struct Params {
  rows: u32, unit: u32, entries: u32, width: u32,
  dOffset: u32, dReplica: u32, indexOffset: u32, indexReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.x + group.y * groups.x) * 64u + lane;
  if (row >= params.rows) { return; }
  let indexAt = params.indexOffset + group.z * params.indexReplica;
  let dAt = params.dOffset + group.z * params.dReplica;
  let first = row / params.unit * params.unit;
  let last = first + params.unit;
  let v = index[indexAt + row];
  var isFirst = true;
  for (var m = first; m < row; m++) { isFirst = isFirst && index[indexAt + m] != v; }
  // Outside of the loops: one that is declared within keeps on SwiftShader what it held (2026-11-28).
  var g: array<f32, TILE>;
  var total = 0.0;
  if (isFirst) {
    for (var k = 0u; k < params.width; k += TILE) {
      let width = min(TILE, params.width - k);
      for (var j = 0u; j < TILE; j++) { g[j] = 0.0; }
      for (var m = row; m < last; m++) {
        if (index[indexAt + m] == v) {
          for (var j = 0u; j < TILE; j++) { if (j < width) { g[j] += d[dAt + m * params.width + k + j]; } }
        }
      }
      for (var j = 0u; j < TILE; j++) { total += g[j] * g[j]; }
    }
  }
  y[params.yOffset + group.z * params.yReplica + row] = select(nan(params.rows), total, v < params.entries);
}
