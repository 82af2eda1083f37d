// conv2dInputGradient: dx[n, c, y, x] = Σ w[o, c, i, j]·dy[n, o, p, q] over all o and the taps with p·sh + i − ph = y
//   and q·sw + j − pw = x: the transpose of conv2dForward in its image; plus addend, times the derivative of an activation.
// Layout: dy [N, O, H', W'], w [O, C, kh, kw], dx and addend [N, C, H, W] (any buffer without ADDEND),
//   y [N, C, H, W], the output of that activation (any buffer where MASK is 0); replica r is workgroup_id.z.
// Knobs: TILE_C input channels x TILE_P positions an invocation. The positions of a tile are equal modulo the
//   strides, so that all of them meet the same taps and none is multiplied by a zero between strides; they are far
//   apart, so that neighbouring invocations touch neighbouring ones. ADDEND and MASK: see shared/conv2dInputGradient.
// Order: one accumulator an output; o, i, j ascending.
// Cost: 2·O·kh·kw / (sh·sw) flops and (1 / TILE_C + 1 / TILE_P)·4·O·kh·kw / (sh·sw) bytes an output, before caches.

import package::shared::conv2dInputGradient::{dy, finish, params, w};

// knobs
const TILE_C: u32 = 4u;
const TILE_P: u32 = 4u;
const ADDEND: bool = false;
const MASK: u32 = 0u;
// end knobs

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  // Positions of one residue class: row y = a·sh + ry, column x = b·sw + rx.
  let rows = (params.height + params.strideHeight - 1u) / params.strideHeight;
  let columns = (params.width + params.strideWidth - 1u) / params.strideWidth;
  let positions = params.images * rows * columns;
  let across = (positions + TILE_P - 1u) / TILE_P;
  let classes = params.strideHeight * params.strideWidth;
  let tile = (group.x + group.y * groups.x) * 64u + lane;
  if (tile >= across * classes * ((params.channels + TILE_C - 1u) / TILE_C)) { return; }
  let first = tile % across;
  let residue = tile / across % classes;
  let c0 = tile / (across * classes) * TILE_C;
  let ry = residue / params.strideWidth;
  let rx = residue % params.strideWidth;
  let i0 = (ry + params.padHeight) % params.strideHeight;
  let j0 = (rx + params.padWidth) % params.strideWidth;
  let plane = params.outHeight * params.outWidth;
  let window = params.kernelHeight * params.kernelWidth;

  // The window that begins with tap (i0, j0); the next taps belong to the windows before it. Numbers below zero wrap
  // around to large ones, which are outside too.
  var wAt: array<u32, TILE_C>;
  var dyAt: array<u32, TILE_P>;
  var bottom: array<u32, TILE_P>;
  var right: array<u32, TILE_P>;
  // unroll
  for (var c = 0u; c < TILE_C; c++) {
    wAt[c] = params.wOffset + r * params.wReplica + min(c0 + c, params.channels - 1u) * window;
  }
  // unroll
  for (var p = 0u; p < TILE_P; p++) {
    let at = min(first + p * across, positions - 1u);
    dyAt[p] = params.dyOffset + r * params.dyReplica + at / (rows * columns) * params.outChannels * plane;
    bottom[p] = at / columns % rows + (ry + params.padHeight - i0) / params.strideHeight;
    right[p] = at % columns + (rx + params.padWidth - j0) / params.strideWidth;
  }

  var sum: array<array<f32, TILE_P>, TILE_C>;
  var dk: array<f32, TILE_P>;
  var rowAt: array<u32, TILE_P>;
  var rowWidth: array<u32, TILE_P>;
  for (var o = 0u; o < params.outChannels; o++) {
    var above = 0u;
    for (var i = i0; i < params.kernelHeight; i += params.strideHeight) {
      // unroll
      for (var p = 0u; p < TILE_P; p++) {
        let row = bottom[p] - above;
        rowWidth[p] = select(0u, params.outWidth, row < params.outHeight);
        rowAt[p] = dyAt[p] + o * plane + select(0u, row, row < params.outHeight) * params.outWidth;
      }
      above++;
      var before = 0u;
      for (var j = j0; j < params.kernelWidth; j += params.strideWidth) {
        // unroll
        for (var p = 0u; p < TILE_P; p++) {
          let column = right[p] - before;
          let inside = column < rowWidth[p];
          dk[p] = select(0.0, dy[rowAt[p] + select(0u, column, inside)], inside);
        }
        before++;
        let k = o * params.channels * window + i * params.kernelWidth + j;
        // unroll
        for (var c = 0u; c < TILE_C; c++) {
          let weight = w[wAt[c] + k];
          // unroll
          for (var p = 0u; p < TILE_P; p++) { sum[c][p] += weight * dk[p]; }
        }
      }
    }
  }

  // Through an array that stays rolled: the end is compiled once, not once an output.
  var out: array<array<f32, TILE_P>, TILE_C>;
  // unroll
  for (var c = 0u; c < TILE_C; c++) { out[c] = sum[c]; }
  for (var c = 0u; c < TILE_C; c++) {
    let channel = c0 + c;
    if (channel >= params.channels) { break; }
    for (var p = 0u; p < TILE_P; p++) {
      let at = first + p * across;
      let row = at / columns % rows * params.strideHeight + ry;
      let column = at % columns * params.strideWidth + rx;
      if (at < positions && row < params.height && column < params.width) {
        let plain = at / (rows * columns) * params.channels + channel;
        finish(out[c][p], r, (plain * params.height + row) * params.width + column, ADDEND, MASK);
      }
    }
  }
}
