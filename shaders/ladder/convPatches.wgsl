// convPatches: the matrix of patches of a convolution (im2col), patches[n, k, p·W' + q] = x[n, c, p + i, q + j] for the tap k = (c, i, j), stride
//   1, no padding: a convolution is one product of it with the weights for each image. A rung of the ladder of convolutions.
// Layout: x [N, C, H, W], patches [N, C·kh·kw, H'·W']; replica r is workgroup_id.z.
// Order: no sums.
// Cost: 0 flops and 8 bytes an element, of which there are kh·kw for each of the image.

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  xOffset: u32, xReplica: u32, patchesOffset: u32, patchesReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> patches: array<f32>;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + local;
  let plane = params.outHeight * params.outWidth;
  let window = params.kernelHeight * params.kernelWidth;
  if (index >= params.images * params.channels * window * plane) { return; }
  let at = index % plane;
  let tap = index / plane % window;
  let image = index / plane / window;
  let row = at / params.outWidth + tap / params.kernelWidth;
  let column = at % params.outWidth + tap % params.kernelWidth;
  let source = params.xOffset + group.z * params.xReplica + (image * params.height + row) * params.width + column;
  patches[params.patchesOffset + group.z * params.patchesReplica + index] = x[source];
}
