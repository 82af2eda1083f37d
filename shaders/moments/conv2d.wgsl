// conv2d: moments of the per-example weight gradients of a convolution, g_u[o, k] = Σ dy[n, o, p, q]·patch[n, p, q, k] over
//   the positions (p, q) of the examples n of unit u (one example, or a group of them), each formed in registers. Of
//   every coordinate the mean over a block of units and Σ (g_u − mean)²: g_first + Σ e / n and Σ e² − (Σ e)² / n, with
//   e_u = g_u − g_first (shifted, so that small variances survive a large mean and equal examples give exactly 0); of
//   every unit and tile Σ g², a part of ‖g_u‖².
// Layout: x [N, C, H, W], dy [N, O, H', W'], N = units·unitSize; moments [blocks, 2, O, C·kh·kw]: block b holds mean and
//   centred squares of unitsPerBlock units, `finish` merges the blocks; norms [units, parts]. Replica r is workgroup_id.z.
//   With MOMENTS an invocation has one tile and the units of a block, without it tilesPerPart tiles and one unit.
// Knobs: TILE_O output channels x TILE_K taps (c, i, j) an invocation, taps ceil(C·kh·kw / TILE_K) apart. MOMENTS and
//   NORMS: which of the two are wanted; the other's binding may hold any buffer.
// Order: one accumulator an output; n, p, q ascending, then units ascending. In a norm: taps, then channels of the tile.
// Cost: 2·H'·W' + 5 flops an example and coordinate.

// knobs
const TILE_O: u32 = 4u;
const TILE_K: u32 = 4u;
const MOMENTS: bool = true;
const NORMS: bool = true;
// end knobs

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  unitSize: u32, unitsPerBlock: u32, blocks: u32, tilesPerPart: u32, parts: u32,
  xOffset: u32, xReplica: u32, dyOffset: u32, dyReplica: u32,
  momentsOffset: u32, momentsReplica: u32, normsOffset: u32, normsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> moments: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<f32>;

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
  if (index >= params.parts * params.blocks) { return; }
  let part = index % params.parts;
  let batch = index / params.parts;
  let image = params.height * params.width;
  let plane = params.outHeight * params.outWidth;

  var dyAt: array<u32, TILE_O>;
  var xAt: array<u32, TILE_K>;
  var top: array<u32, TILE_K>;
  var left: array<u32, TILE_K>;
  var gradient: array<array<f32, TILE_K>, TILE_O>;
  var first: array<array<f32, TILE_K>, TILE_O>;
  var shifted: array<array<f32, TILE_K>, TILE_O>;
  var squares: array<array<f32, TILE_K>, TILE_O>;
  var xk: array<f32, TILE_K>;
  var rowAt: array<u32, TILE_K>;
  var rowWidth: array<u32, TILE_K>;
  let begin = batch * params.unitsPerBlock;
  let end = min(begin + params.unitsPerBlock, params.images / params.unitSize);
  let lastTile = min(part * params.tilesPerPart + params.tilesPerPart, tiles);
  var total = 0.0;
  var k0 = 0u;
  var o0 = 0u;
  for (var tile = part * params.tilesPerPart; tile < lastTile; tile++) {
    k0 = tile % across;
    o0 = tile / across * TILE_O;
    // Rows and columns before the image wrap around to large numbers, which are outside it too.
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

    for (var unit = begin; unit < end; unit++) {
      // unroll
      for (var o = 0u; o < TILE_O; o++) {
        // unroll
        for (var t = 0u; t < TILE_K; t++) { gradient[o][t] = 0.0; }
      }
      for (var row = 0u; row < params.unitSize * params.outHeight; row++) {
        let n = unit * params.unitSize + row / params.outHeight;
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
            for (var t = 0u; t < TILE_K; t++) { gradient[o][t] += d * xk[t]; }
          }
        }
      }
      // From here on through an array that stays rolled: once an example, not worth the code of every output.
      var g: array<array<f32, TILE_K>, TILE_O>;
      // unroll
      for (var o = 0u; o < TILE_O; o++) { g[o] = gradient[o]; }
      if (MOMENTS) {
        if (unit == begin) { first = g; }
        for (var o = 0u; o < TILE_O; o++) {
          for (var t = 0u; t < TILE_K; t++) {
            let e = g[o][t] - first[o][t];
            shifted[o][t] += e;
            squares[o][t] += e * e;
          }
        }
      }
      if (NORMS) {
        var normSq = 0.0;
        for (var o = 0u; o < TILE_O; o++) {
          for (var t = 0u; t < TILE_K; t++) {
            let mine = o0 + o < params.outChannels && k0 + t * across < taps;
            normSq += select(0.0, g[o][t] * g[o][t], mine);
          }
        }
        total += normSq;
        if (MOMENTS) { norms[params.normsOffset + r * params.normsReplica + unit * params.parts + part] = normSq; }
      }
    }
  }
  if (!MOMENTS) {
    norms[params.normsOffset + r * params.normsReplica + index] = total;
    return;
  }

  let elements = params.outChannels * taps;
  let base = params.momentsOffset + r * params.momentsReplica + batch * 2u * elements;
  let count = f32(end - begin);
  for (var o = 0u; o < TILE_O; o++) {
    let channel = o0 + o;
    if (channel >= params.outChannels) { break; }
    for (var t = 0u; t < TILE_K; t++) {
      let k = k0 + t * across;
      if (k < taps) {
        let at = base + channel * taps + k;
        let e = shifted[o][t];
        moments[at] = first[o][t] + e / count;
        moments[at + elements] = squares[o][t] - e * (e / count);
      }
    }
  }
}
