// conv2dInputGradientSubgroup: what `conv2dInputGradient` computes, by four invocations (a quad) a tile, each along a row
//   of pixels: dx[n, c, y, x] = act′·(Σ w[o, c, i, j]·dy[n, o, p, q] + addend) over all o and the taps with p·sh + i − ph = y and
//   q·sw + j − pw = x.
// Layout: dy [N, O, H', W'], w [O, C, kh, kw], dx, addend and y [N, C, H, W] as in
//   `conv2dInputGradient`; replica r is workgroup_id.z. ADDEND and MASK: see shared/conv2dInputGradient.
// Knobs: WIDTH invocations a workgroup. A tile is 4 TILE_Q input channels by four pieces of TILE_P pixels of a row, of
//   consecutive images: each lane holds one piece and loads TILE_Q rows of weights, which the quad passes around. KW and SW are
//   kernel width and stride along a row, TILE_P a multiple of SW; pieces begin at multiples of SW in the padded row. BACK =
//   ceil((KW − 1) / SW), and SPAN = (TILE_P − 1) / SW + BACK + 1 outputs reach a piece. Where a piece is a whole
//   row, those from FROM on and before TO are inside; else FROM is 0 and TO is SPAN. Rows are equal modulo sh within a workgroup, so
//   that its loop is no longer than its taps, of which those are left out that lie outside for all its rows.
// Order: one accumulator an output; the products of a row of taps are summed first, o and i ascending.
// Cost: 2·O·kh·kw / (sh·sw) flops an output.

import package::shared::conv2dInputGradient::{dy, finish, params, w};

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_P: u32 = 7u;
const KW: u32 = 3u;
const SW: u32 = 1u;
const BACK: u32 = 2u;
const SPAN: u32 = 9u;
const FROM: u32 = 0u;
const TO: u32 = 9u;
const ADDEND: bool = false;
const MASK: u32 = 0u;
// end knobs

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let start = params.padWidth / SW * SW;
  let across = (params.padWidth - start + params.width + TILE_P - 1u) / TILE_P;
  let rows = (params.height + params.strideHeight - 1u) / params.strideHeight;
  let pieces = across * params.images * rows;
  let fours = (pieces + 3u) / 4u;
  let tiles = fours * ((params.channels + 4u * TILE_Q - 1u) / (4u * TILE_Q));
  let groupsOfClass = (tiles + WIDTH / 4u - 1u) / (WIDTH / 4u);
  let index = group.x + group.y * groups.x;
  // Rows y = a·sh + ry. A workgroup past the last class has ry past sh and its rows past H.
  let ry = index / groupsOfClass;
  let i0 = (ry + params.padHeight) % params.strideHeight;
  let taps = (params.kernelHeight - min(i0, params.kernelHeight) + params.strideHeight - 1u) / params.strideHeight;
  // A tile past the last one has its channels past C: it computes on clamped operands and stores nothing.
  let tile = index % groupsOfClass * (WIDTH / 4u) + local / 4u;
  let c0 = tile / fours * (4u * TILE_Q);
  let mine = tile % fours * 4u + lane;
  let piece = min(mine, pieces - 1u);
  let n = piece % params.images;
  let place = piece / params.images;
  let u0 = start + place % across * TILE_P;
  let row = place / across * params.strideHeight + ry;
  let plane = params.outHeight * params.outWidth;
  let window = params.kernelHeight * KW;

  // Rows and columns before the outputs wrap around to large numbers, which are outside too.
  let bottom = (row + params.padHeight - i0) / params.strideHeight;
  // Of the taps those that meet an output row for some lane of the workgroup: its pieces lie one after the other.
  let firstPiece = index % groupsOfClass * WIDTH % (4u * fours);
  let lastPiece = min(firstPiece + WIDTH, pieces) - 1u;
  let wraps = firstPiece + WIDTH > 4u * fours || firstPiece >= pieces;
  let shift = (ry + params.padHeight - i0) / params.strideHeight;
  let highest = select(firstPiece / params.images / across, 0u, wraps) + shift;
  let lowest = select(lastPiece / params.images / across, rows - 1u, wraps) + shift;
  let firstTap = select(0u, highest - (params.outHeight - 1u), highest >= params.outHeight);
  let endTap = min(taps, lowest + 1u);
  let met = max(endTap, firstTap) - firstTap;
  let left = u0 / SW - BACK;
  var wAt: array<u32, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    wAt[q] = params.wOffset + r * params.wReplica + min(c0 + 4u * q + lane, params.channels - 1u) * window + i0 * KW;
  }
  var sum: array<array<array<f32, TILE_P>, 4>, TILE_Q>;
  var ds: array<f32, SPAN>;
  var mineOf: array<f32, KW>;
  var ws: array<f32, KW>;
  var planeAt = params.dyOffset + r * params.dyReplica + n * params.outChannels * plane;
  var above = firstTap;
  var k = firstTap * params.strideHeight * KW;
  for (var step = 0u; step < params.outChannels * met; step++) {
    let p = bottom - above;
    let rowWidth = select(0u, params.outWidth, p < params.outHeight);
    let rowAt = planeAt + select(0u, p, p < params.outHeight) * params.outWidth;
    // unroll
    for (var s = 0u; s < SPAN; s++) {
      if (s >= FROM && s < TO) {
        let column = left + s;
        let inside = select((column < rowWidth), rowWidth != 0u, FROM > 0u || TO < SPAN);
        ds[s] = select(0.0, dy[rowAt + select(0u, column, inside)], inside);
      }
    }
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      // unroll
      for (var j = 0u; j < KW; j++) { mineOf[j] = w[wAt[q] + k + j]; }
      // unroll
      for (var t = 0u; t < 4u; t++) {
        // unroll
        for (var j = 0u; j < KW; j++) { ws[j] = quadBroadcast(mineOf[j], t); }
        // unroll
        for (var u = 0u; u < TILE_P; u++) {
          var products = 0.0;
          // unroll
          for (var j = 0u; j < KW; j++) {
            let s = (u + BACK * SW - j) / SW;
            if ((u + BACK * SW - j) % SW == 0u && s >= FROM && s < TO) { products += ws[j] * ds[s]; }
          }
          sum[q][t][u] += products;
        }
      }
    }
    above++;
    let wrapped = above == endTap;
    above = select(above, firstTap, wrapped);
    planeAt += select(0u, plane, wrapped);
    k += select(params.strideHeight * KW, params.channels * window - (met - 1u) * params.strideHeight * KW, wrapped);
  }

  // Through an array that stays rolled: the end is compiled once, not once an output.
  var out: array<array<array<f32, TILE_P>, 4>, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    // unroll
    for (var t = 0u; t < 4u; t++) { out[q][t] = sum[q][t]; }
  }
  if (mine >= pieces || ry >= params.strideHeight || row >= params.height) { return; }
  let image = params.height * params.width;
  let first = (n * params.channels + c0) * image + row * params.width + u0 - params.padWidth;
  // A piece may begin before the row, and end behind it.
  let whole = u0 >= params.padWidth && u0 + TILE_P <= params.width + params.padWidth;
  for (var c = 0u; c < 4u * TILE_Q; c++) {
    if (c0 + c >= params.channels) { break; }
    let to = first + c * image;
    if (whole) {
      // unroll
      for (var u = 0u; u < TILE_P; u++) { finish(out[c / 4u][c % 4u][u], r, to + u, ADDEND, MASK); }
    } else {
      for (var u = 0u; u < TILE_P; u++) {
        if (u0 + u - params.padWidth < params.width) { finish(out[c / 4u][c % 4u][u], r, to + u, ADDEND, MASK); }
      }
    }
  }
}
