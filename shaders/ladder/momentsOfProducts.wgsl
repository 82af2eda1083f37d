// momentsOfProducts: gradient[i] = (1/B) sum_b g[b, i];  variance[i] = sum_b (g[b, i] - gradient[i])^2: mean and centred
//   second moment of gradients that were written out, in two passes over them. The other half of the first rung of the
//   ladder of moments.
// Layout: g [B, elements], gradient and variance [elements]; replica r is workgroup_id.z.
// Order: one accumulator a sum, examples ascending.
// Cost: 4 B flops and 8 B bytes a coordinate.

struct Params {
  batch: u32, elements: u32, gOffset: u32, gReplica: u32,
  gradientOffset: u32, gradientReplica: u32, varianceOffset: u32, varianceReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let base = params.gOffset + group.z * params.gReplica + i;
  var sum = 0.0;
  for (var b = 0u; b < params.batch; b++) { sum += g[base + b * params.elements]; }
  let mean = sum / f32(params.batch);
  var squares = 0.0;
  for (var b = 0u; b < params.batch; b++) {
    let e = g[base + b * params.elements] - mean;
    squares += e * e;
  }
  gradient[params.gradientOffset + group.z * params.gradientReplica + i] = mean;
  variance[params.varianceOffset + group.z * params.varianceReplica + i] = squares;
}
