// sumManyEach: y[g] = Σ of `chunk` consecutive elements, by workgroup g: every lane adds up many in a register before the
//   tree; a further dispatch sums the sums. A rung of the ladder of reductions.
// Layout: x [elements], y [elements / chunk rounded up]; replica r is workgroup_id.z.
// Order: a lane takes every 256th element, ascending; then lane i + span onto lane i, spans 128, 64, 32, ….
// Cost: 1 flop and 4 bytes an element; 1 kB of workgroup memory, eight barriers for a chunk. Neighbours load neighbouring
//   elements.

struct Params { elements: u32, chunk: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = group.x + group.y * groups.x;
  let base = params.xOffset + group.z * params.xReplica;
  let end = min((out + 1u) * params.chunk, params.elements);
  var sum = 0.0;
  for (var i = out * params.chunk + lane; i < end; i += 256u) { sum += x[base + i]; }
  parts[lane] = sum;
  for (var span = 128u; span > 0u; span /= 2u) {
    workgroupBarrier();
    if (lane < span) { parts[lane] += parts[lane + span]; }
  }
  if (lane == 0u && out * params.chunk < params.elements) {
    y[params.yOffset + group.z * params.yReplica + out] = parts[0];
  }
}
