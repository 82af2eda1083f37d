// permute: y[a, b, c, d] = x[a·strideA + b·strideB + c·strideC + d·strideD]: the elements with their axes in another order.
// Layout: y [elements / (extentB·extentC·extentD), extentB, extentC, extentD]; the strides are those of the same axes in x.
//   Values are moved as bits, so integers pass too.
// Order: no sums.
// Cost: 0 flops, 8 bytes an output.

struct Params {
  elements: u32, extentB: u32, extentC: u32, extentD: u32, strideA: u32, strideB: u32, strideC: u32, strideD: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let d = i % params.extentD;
  let c = i / params.extentD % params.extentC;
  let ab = i / params.extentD / params.extentC;
  let at = ab / params.extentB * params.strideA + ab % params.extentB * params.strideB + c * params.strideC + d * params.strideD;
  y[params.yOffset + group.z * params.yReplica + i] = x[params.xOffset + group.z * params.xReplica + at];
}
