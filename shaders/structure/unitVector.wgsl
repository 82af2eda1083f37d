// unitVector: y[i] = 1 where i is places[offset], else 0; past the last place all zeros.
// Layout: places (u32) [count], y [elements]; counters [step, epoch, offset].
// Order: no sums.
// Cost: 0 flops, 4 bytes an output.

struct Params {
  elements: u32, count: u32, placesOffset: u32, placesReplica: u32, yOffset: u32, yReplica: u32,
  countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> places: array<u32>;
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
  let at = counters[params.countersOffset + group.z * params.countersReplica + 2u];
  let last = min(at, params.count - 1u);
  let here = at == last && places[params.placesOffset + group.z * params.placesReplica + last] == i;
  y[params.yOffset + group.z * params.yReplica + i] = select(0.0, 1.0, here);
}
