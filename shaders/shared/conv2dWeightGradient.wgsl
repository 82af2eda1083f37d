// conv2dWeightGradient: the operands of a convolution's gradient in its weights: x [N, C, H, W], dy [N, O, H', W'], dw [blocks, O, C, kh, kw].

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  rowsPerBlock: u32, blocks: u32,
  xOffset: u32, xReplica: u32, dyOffset: u32, dyReplica: u32, dwOffset: u32, dwReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;
