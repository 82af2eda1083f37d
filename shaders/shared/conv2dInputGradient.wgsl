// conv2dInputGradient: the operands and the end of a convolution's gradient in its image: dx = act'·(sum + addend). dy [N, O, H', W'],
// w [O, C, kh, kw], dx and addend [N, C, H, W] (any buffer without ADDEND), y [N, C, H, W], the output of the activation whose
// derivative is taken (any buffer where MASK is 0). MASK: 0 none, 1 relu, 2 tanh, 3 sigmoid.

import package::shared::activation::masked;

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  dyOffset: u32, dyReplica: u32, wOffset: u32, wReplica: u32, addendOffset: u32,
  addendReplica: u32, yOffset: u32, yReplica: u32, dxOffset: u32, dxReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> addend: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

// Writes the element `to`, given its sum over the taps.
fn finish(sum: f32, r: u32, to: u32, addition: bool, mask: u32) {
  var value = sum;
  if (addition) { value += addend[params.addendOffset + r * params.addendReplica + to]; }
  if (mask != 0u) { value = masked(value, y[params.yOffset + r * params.yReplica + to], mask); }
  dx[params.dxOffset + r * params.dxReplica + to] = value;
}
