// conv2dForward: y[n, o, p, q] = act(Σ_{c, i, j} w[o, c, i, j]·x[n, c, p·sh + i − ph, q·sw + j − pw] + b[o] + addend), a
//   product of w [O, C·kh·kw] with the matrix of patches, whose entries are read from the image where they are wanted; or
//   that without act, times the derivative of an activation. x is zero outside.
// Layout: x [N, C, H, W], w [O, C, kh, kw], b [O] (any buffer without BIAS), y and addend [N, O, H', W'] (any
//   buffer without ADDEND), gate [N, O, H', W'], the output of the activation whose derivative is taken (any buffer
//   where MASK is 0); replica r is workgroup_id.z.
// Knobs: TILE_O output channels x TILE_P positions an invocation, positions ceil(N·H'·W' / TILE_P) apart so that
//   neighbouring invocations touch neighbouring positions. BIAS, ADDEND, ACTIVATION and MASK: see shared/conv2dForward.
// Order: one accumulator an output; c, i, j ascending.
// Cost: 2·C·kh·kw flops and (1 / TILE_O + 1 / TILE_P)·4·C·kh·kw bytes an output, before caches.

import package::shared::conv2dForward::{b, finish, params, w, x};

// knobs
const TILE_O: u32 = 4u;
const TILE_P: u32 = 4u;
const BIAS: bool = true;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let plane = params.outHeight * params.outWidth;
  let positions = params.images * plane;
  let across = (positions + TILE_P - 1u) / TILE_P;
  let tile = (group.x + group.y * groups.x) * 64u + lane;
  if (tile >= across * ((params.outChannels + TILE_O - 1u) / TILE_O)) { return; }
  let first = tile % across;
  let o0 = tile / across * TILE_O;
  let image = params.height * params.width;
  let depth = params.channels * params.kernelHeight * params.kernelWidth;

  // Rows and columns before the image wrap around to large numbers, which are outside it too.
  var wAt: array<u32, TILE_O>;
  var xAt: array<u32, TILE_P>;
  var top: array<u32, TILE_P>;
  var left: array<u32, TILE_P>;
  // unroll
  for (var o = 0u; o < TILE_O; o++) {
    wAt[o] = params.wOffset + r * params.wReplica + min(o0 + o, params.outChannels - 1u) * depth;
  }
  // unroll
  for (var p = 0u; p < TILE_P; p++) {
    let at = min(first + p * across, positions - 1u);
    xAt[p] = params.xOffset + r * params.xReplica + at / plane * params.channels * image;
    top[p] = at % plane / params.outWidth * params.strideHeight - params.padHeight;
    left[p] = at % params.outWidth * params.strideWidth - params.padWidth;
  }

  var sum: array<array<f32, TILE_P>, TILE_O>;
  var xk: array<f32, TILE_P>;
  var rowAt: array<u32, TILE_P>;
  var rowWidth: array<u32, TILE_P>;
  var k = 0u;
  for (var c = 0u; c < params.channels; c++) {
    for (var i = 0u; i < params.kernelHeight; i++) {
      // unroll
      for (var p = 0u; p < TILE_P; p++) {
        let row = top[p] + i;
        rowWidth[p] = select(0u, params.width, row < params.height);
        rowAt[p] = xAt[p] + c * image + select(0u, row, row < params.height) * params.width;
      }
      for (var j = 0u; j < params.kernelWidth; j++) {
        // unroll
        for (var p = 0u; p < TILE_P; p++) {
          let column = left[p] + j;
          let inside = column < rowWidth[p];
          xk[p] = select(0.0, x[rowAt[p] + select(0u, column, inside)], inside);
        }
        // unroll
        for (var o = 0u; o < TILE_O; o++) {
          let weight = w[wAt[o] + k];
          // unroll
          for (var p = 0u; p < TILE_P; p++) { sum[o][p] += weight * xk[p]; }
        }
        k++;
      }
    }
  }

  // Through an array that stays rolled: the end is compiled once, not once an output.
  var out: array<array<f32, TILE_P>, TILE_O>;
  // unroll
  for (var o = 0u; o < TILE_O; o++) { out[o] = sum[o]; }
  for (var o = 0u; o < TILE_O; o++) {
    let channel = o0 + o;
    if (channel >= params.outChannels) { break; }
    var bias = 0.0;
    if (BIAS) { bias = b[params.bOffset + r * params.bReplica + channel]; }
    for (var p = 0u; p < TILE_P; p++) {
      let at = first + p * across;
      if (at < positions) {
        let to = (at / plane * params.outChannels + channel) * plane + at % plane;
        finish(out[o][p] + bias, r, to, ADDEND, ACTIVATION, MASK);
      }
    }
  }
}
