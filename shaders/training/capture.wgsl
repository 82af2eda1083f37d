// capture: the weights of the n-th capture (from 0), taken after step start + n·every, go into slot n mod slots of a ring.
// Layout: theta [elements] flat, in vec4; ring [slots, elements]; counters [step, …], already advanced.
// Order: no sums.
// Cost: 8 bytes a parameter.

struct Params {
  vectors: u32, start: u32, every: u32, slots: u32,
  thetaOffset: u32, thetaReplica: u32, ringOffset: u32, ringReplica: u32, countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> ring: array<vec4f>;
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
  let slot = ((step - params.start) / params.every) % params.slots;
  let value = theta[(params.thetaOffset + r * params.thetaReplica) / 4u + i];
  ring[(params.ringOffset + r * params.ringReplica) / 4u + slot * params.vectors + i] = value;
}
