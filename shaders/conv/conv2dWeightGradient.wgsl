// conv2dWeightGradient: dw[o, c, i, j] = Σ_{n, p, q} dy[n, o, p, q]·x[n, c, p·sh + i − ph, q·sw + j − pw]: the
//   transpose of conv2dForward in its weights.
// Layout: x [N, C, H, W], dy [N, O, H', W'], dw [blocks, O, C, kh, kw]: block b sums rowsPerBlock of the N·H' output
//   rows (n, p); a second dispatch sums the blocks. Replica r is workgroup_id.z.
// Knobs: TILE_O output channels x TILE_K taps (c, i, j) an invocation, taps ceil(C·kh·kw / TILE_K) apart so that
//   neighbouring invocations touch neighbouring taps.
// Order: one accumulator an output and block; n, p, q ascending.
// Cost: 2·N·H'·W' flops and (1 / TILE_O + 1 / TILE_K)·4·N·H'·W' bytes an output, before caches.

import package::shared::conv2dWeightGradient::{dw, dy, params, x};

// knobs
const TILE_O: u32 = 4u;
const TILE_K: u32 = 4u;
// end knobs

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let window = params.kernelHeight * params.kernelWidth;
  let taps = params.channels * window;
  let across = (taps + TILE_K - 1u) / TILE_K;
  let tiles = across * ((params.outChannels + TILE_O - 1u) / TILE_O);
  let index = (group.x + group.y * groups.x) * 64u + lane;
  if (index >= tiles * params.blocks) { return; }
  let part = index / tiles;
  let k0 = index % across;
  let o0 = index % tiles / across * TILE_O;
  let image = params.height * params.width;
  let plane = params.outHeight * params.outWidth;

  // Rows and columns before the image wrap around to large numbers, which are outside it too.
  var dyAt: array<u32, TILE_O>;
  var xAt: array<u32, TILE_K>;
  var top: array<u32, TILE_K>;
  var left: array<u32, TILE_K>;
  // unroll
  for (var o = 0u; o < TILE_O; o++) {
    dyAt[o] = params.dyOffset + r * params.dyReplica + min(o0 + o, params.outChannels - 1u) * plane;
  }
  // unroll
  for (var t = 0u; t < TILE_K; t++) {
    let k = min(k0 + t * across, taps - 1u);
    xAt[t] = params.xOffset + r * params.xReplica + k / window * image;
    top[t] = k % window / params.kernelWidth - params.padHeight;
    left[t] = k % params.kernelWidth - params.padWidth;
  }

  var sum: array<array<f32, TILE_K>, TILE_O>;
  var xk: array<f32, TILE_K>;
  var rowAt: array<u32, TILE_K>;
  var rowWidth: array<u32, TILE_K>;
  let begin = part * params.rowsPerBlock;
  let end = min(begin + params.rowsPerBlock, params.images * params.outHeight);
  for (var row = begin; row < end; row++) {
    let n = row / params.outHeight;
    let p = row % params.outHeight;
    // unroll
    for (var t = 0u; t < TILE_K; t++) {
      let y = p * params.strideHeight + top[t];
      rowWidth[t] = select(0u, params.width, y < params.height);
      rowAt[t] = xAt[t] + n * params.channels * image + select(0u, y, y < params.height) * params.width;
    }
    let dyRow = n * params.outChannels * plane + p * params.outWidth;
    for (var q = 0u; q < params.outWidth; q++) {
      // unroll
      for (var t = 0u; t < TILE_K; t++) {
        let column = q * params.strideWidth + left[t];
        let inside = column < rowWidth[t];
        xk[t] = select(0.0, x[rowAt[t] + select(0u, column, inside)], inside);
      }
      // unroll
      for (var o = 0u; o < TILE_O; o++) {
        let d = dy[dyAt[o] + dyRow + q];
        // unroll
        for (var t = 0u; t < TILE_K; t++) { sum[o][t] += d * xk[t]; }
      }
    }
  }

  // Through an array that stays rolled: the end is compiled once, not once an output.
  var out: array<array<f32, TILE_K>, TILE_O>;
  // unroll
  for (var o = 0u; o < TILE_O; o++) { out[o] = sum[o]; }
  for (var o = 0u; o < TILE_O; o++) {
    let channel = o0 + o;
    if (channel >= params.outChannels) { break; }
    for (var t = 0u; t < TILE_K; t++) {
      let k = k0 + t * across;
      if (k < taps) {
        dw[params.dwOffset + r * params.dwReplica + (part * params.outChannels + channel) * taps + k] = out[o][t];
      }
    }
  }
}
