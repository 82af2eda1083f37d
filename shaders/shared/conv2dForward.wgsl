// conv2dForward: the operands and the end of a convolution: y = act(sum + b + addend), or that without act, times the derivative
// of an activation. x [N, C, H, W], w [O, C, kh, kw], b [O] (any buffer without BIAS), y and addend [N, O, H', W'] (any
// buffer without ADDEND), gate [N, O, H', W'], the output of the activation whose derivative is taken (any buffer where MASK
// is 0). ACTIVATION and MASK: 0 none, 1 relu, 2 tanh, 3 sigmoid.
// What the end does is a kernel's knob: SwiftShader takes longer for a branch at every output than for 25 taps (2026-11-27).

import package::shared::activation::{activated, masked};

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  xOffset: u32, xReplica: u32, wOffset: u32, wReplica: u32, bOffset: u32, bReplica: u32,
  addendOffset: u32, addendReplica: u32, gateOffset: u32, gateReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> addend: array<f32>;
@group(0) @binding(5) var<storage, read> gate: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

// Writes the output `to`, given its sum over the taps and bias.
fn finish(sum: f32, r: u32, to: u32, addition: bool, activation: u32, mask: u32) {
  var value = sum;
  if (addition) { value += addend[params.addendOffset + r * params.addendReplica + to]; }
  value = activated(value, activation);
  if (mask != 0u) { value = masked(value, gate[params.gateOffset + r * params.gateReplica + to], mask); }
  y[params.yOffset + r * params.yReplica + to] = value;
}
