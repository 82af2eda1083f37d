// slice: y[o, r, i] = x[o, start + r, i], and 0 where x has no such place: a piece of an axis, or with a start below 0 what is
//   padded by zeros.
// Layout: x [outer, length, inner]; y [outer, extent, inner]. Values are moved as bits, so integers pass too.
// Order: no sums.
// Cost: 0 flops, 8 bytes an output.

struct Params {
  elements: u32, extent: u32, length: u32, inner: u32, start: i32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let row = i / params.inner;
  let place = i32(row % params.extent) + params.start;
  var value = 0u;
  if (place >= 0 && place < i32(params.length)) {
    let at = (row / params.extent * params.length + u32(place)) * params.inner + i % params.inner;
    value = x[params.xOffset + group.z * params.xReplica + at];
  }
  y[params.yOffset + group.z * params.yReplica + i] = value;
}
