// perExampleProducts: g[b, l, k] = d[b, l] x[b, k]: every example's weight gradient, written out. Half of the first rung of
//   the ladder of moments, which no program should do: it takes B times the memory of the weights.
// Layout: x [B, K], d [B, L], g [B, L, K], row-major; replica r is workgroup_id.z.
// Order: nothing is summed.
// Cost: 1 flop and 12 bytes an element of g, before caches.

struct Params {
  batch: u32, inputs: u32, outputs: u32, xOffset: u32, xReplica: u32, dOffset: u32, dReplica: u32, gOffset: u32, gReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read_write> g: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.batch * params.outputs * params.inputs) { return; }
  let k = i % params.inputs;
  let row = i / params.inputs;
  let b = row / params.outputs;
  let dn = d[params.dOffset + group.z * params.dReplica + row];
  let xn = x[params.xOffset + group.z * params.xReplica + b * params.inputs + k];
  g[params.gOffset + group.z * params.gReplica + i] = dn * xn;
}
