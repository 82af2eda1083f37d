// momentsTwoPass: gradient[l, k] = (1/B) sum_b d[b, l] x[b, k];  variance[l, k] = sum_b (d[b, l] x[b, k] - mean)^2, an
//   invocation a coordinate: the products are formed twice instead of kept. A rung of the ladder of moments.
// Layout: x [B, K], d [B, L], gradient and variance [L, K], row-major; replica r is workgroup_id.z.
// Order: one accumulator a sum, examples ascending.
// Cost: 6 B flops and 16 B bytes a coordinate, before caches.

struct Params {
  batch: u32, inputs: u32, outputs: u32, xOffset: u32, xReplica: u32, dOffset: u32, dReplica: u32,
  gradientOffset: u32, gradientReplica: u32, varianceOffset: u32, varianceReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.outputs * params.inputs) { return; }
  let xAt = params.xOffset + group.z * params.xReplica + i % params.inputs;
  let dAt = params.dOffset + group.z * params.dReplica + i / params.inputs;
  var sum = 0.0;
  for (var b = 0u; b < params.batch; b++) { sum += d[dAt + b * params.outputs] * x[xAt + b * params.inputs]; }
  let mean = sum / f32(params.batch);
  var squares = 0.0;
  for (var b = 0u; b < params.batch; b++) {
    let e = d[dAt + b * params.outputs] * x[xAt + b * params.inputs] - mean;
    squares += e * e;
  }
  gradient[params.gradientOffset + group.z * params.gradientReplica + i] = mean;
  variance[params.varianceOffset + group.z * params.varianceReplica + i] = squares;
}
