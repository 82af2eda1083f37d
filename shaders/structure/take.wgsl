// take: y[i] = x[(width·offset + i) mod all], rows of `width` numbers from the cursor's offset on, around the end.
// Layout: x [examples, width], y [elements]; counters [step, epoch, offset].
// Order: no sums.
// Cost: 0 flops, 8 bytes an output.

struct Params {
  elements: u32, width: u32, all: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
  countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> counters: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let at = (counters[params.countersOffset + group.z * params.countersReplica + 2u] * params.width + i) % params.all;
  y[params.yOffset + group.z * params.yReplica + i] = x[params.xOffset + group.z * params.xReplica + at];
}
