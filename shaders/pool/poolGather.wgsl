// poolGather: y[k, o] = x[k, indices[k, o]]: of each window the element that a max pooling chose.
// Layout: x [N·C, H·W]; indices and y [N·C, H'·W']; replica r is workgroup_id.z.
// An index past the end gives NaN.
// Order: no sums.
// Cost: 0 flops, 12 bytes an output.

import package::shared::floats::nan;

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  xOffset: u32, xReplica: u32, indicesOffset: u32, indicesReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let out = (group.x + group.y * groups.x) * 64u + lane;
  let outPlane = params.outHeight * params.outWidth;
  if (out >= params.planes * outPlane) { return; }
  let at = indices[params.indicesOffset + r * params.indicesReplica + out];
  let inPlane = params.height * params.width;
  let value = x[params.xOffset + r * params.xReplica + out / outPlane * inPlane + min(at, inPlane - 1u)];
  y[params.yOffset + r * params.yReplica + out] = select(nan(params.planes), value, at < inPlane);
}
