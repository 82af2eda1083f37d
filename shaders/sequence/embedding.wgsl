// embedding: y[m, k] = table[index[m], k]: the rows of a table that the indices name.
// Layout: table [entries, width]; index (u32, below entries) [rows]; y [rows, width].
// An index past the end gives a row of NaN.
// Order: no sums.
// Cost: 0 flops, 8 bytes an output.

import package::shared::floats::nan;

struct Params {
  elements: u32, entries: u32, width: u32,
  tableOffset: u32, tableReplica: u32, indexOffset: u32, indexReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let row = index[params.indexOffset + group.z * params.indexReplica + i / params.width];
  let at = min(row, params.entries - 1u) * params.width + i % params.width;
  let value = table[params.tableOffset + group.z * params.tableReplica + at];
  y[params.yOffset + group.z * params.yReplica + i] = select(nan(params.entries), value, row < params.entries);
}
