// binary: z = f(x, y), element by element.
// Layout: x, y, z [elements].
// Knobs: FUNCTION 0 x + y, 1 x − y, 2 x·y, and the backward of an activation, x its output's cotangent and y its
//   output: 3 ReLU, 4 Tanh, 5 Sigmoid.
// Order: no sums.
// Cost: 1 to 3 flops, 12 bytes an output.

// knobs
const FUNCTION: u32 = 0u;
// end knobs

struct Params { elements: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32, zOffset: u32, zReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;

fn f(a: f32, b: f32) -> f32 {
  switch FUNCTION {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return select(0.0, a, b > 0.0); }
    case 4u: { return a * (1.0 - b * b); }
    default: { return a * b * (1.0 - b); }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  z[params.zOffset + group.z * params.zReplica + i] = f(
    x[params.xOffset + group.z * params.xReplica + i],
    y[params.yOffset + group.z * params.yReplica + i],
  );
}
