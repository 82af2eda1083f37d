// joinRows: one operand's part of the rows of several operands, joined group by group: x[g, t, k] to where y has row start + t,
//   column k of group g.
// Layout: x [groups, rows, width]; y [groups, all rows, width], or transposed [groups, width, all rows], as the strides say.
// Order: no sums.
// Cost: 0 flops, 8 bytes an element of x.

struct Params {
  elements: u32, rows: u32, width: u32, start: u32, groupStride: u32, rowStride: u32, columnStride: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let row = i / params.width;
  let at = row / params.rows * params.groupStride
    + (params.start + row % params.rows) * params.rowStride
    + i % params.width * params.columnStride;
  y[params.yOffset + group.z * params.yReplica + at] = x[params.xOffset + group.z * params.xReplica + i];
}
