// sumSerial: y = Σ_i x[i], by one invocation. The first rung of the ladder of reductions.
// Layout: x [elements], y [1]; replica r is workgroup_id.z.
// Order: one accumulator, i ascending.
// Cost: 1 flop and 4 bytes an element, one waiting for the other.

struct Params { elements: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  let base = params.xOffset + group.z * params.xReplica;
  var sum = 0.0;
  for (var i = 0u; i < params.elements; i++) { sum += x[base + i]; }
  y[params.yOffset + group.z * params.yReplica] = sum;
}
