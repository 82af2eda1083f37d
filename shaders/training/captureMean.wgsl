// captureMean: the mean of what lies in the ring of captures: of the last slots captures, or of all where there are fewer.
//   Captures are taken after steps start, start + every, …: n = min(slots, (step − start)/every + 1) of them after a step.
//   mean = x₀ + Σⱼ(xⱼ − x₀)/n over the slots: what weights have in common is not summed, so that it loses no digits.
// Layout: ring [slots, elements] and average [elements] flat, in vec4; counters [step, …], after a step of at least start.
// Order: slots in turn, by one invocation.
// Cost: 2 flops and 4 bytes a parameter and slot.

struct Params {
  vectors: u32, start: u32, every: u32, slots: u32,
  ringOffset: u32, ringReplica: u32, averageOffset: u32, averageReplica: u32, countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ring: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(3) var<storage, read> counters: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.vectors) { return; }
  let r = group.z;
  let step = counters[params.countersOffset + r * params.countersReplica];
  let captures = min(params.slots, (step - params.start) / params.every + 1u);
  let at = (params.ringOffset + r * params.ringReplica) / 4u + i;
  let first = ring[at];
  var sum = vec4f(0.0);
  for (var slot = 1u; slot < captures; slot++) { sum += ring[at + slot * params.vectors] - first; }
  average[(params.averageOffset + r * params.averageReplica) / 4u + i] = first + sum / f32(captures);
}
