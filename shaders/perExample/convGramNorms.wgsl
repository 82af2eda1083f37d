// convGramNorms: squared norms of the weight gradients of units (one example, or a group of them) without forming them:
//   ‖Σ_s δ_s patch_sᵀ‖² = Σ_{s, t} (patch_s · patch_t)(δ_s · δ_t) over the positions s, t of the unit. Cheaper than
//   the gradient where positions are few beside channels and taps.
// Layout: x [N, C, H, W], dy [N, O, H', W'], N = units·unitSize; norms [units, pairs]: the parts of the tiles of pairs of
//   positions on and below the diagonal, those below it counted twice. Replica r is workgroup_id.z.
// Knobs: TILE x TILE pairs of positions an invocation.
// Order: one accumulator an inner product; c, i, j and o ascending. Then the pairs of the tile.
// Cost: 2·(C·kh·kw + O) flops and (2 / TILE)·4·(C·kh·kw + O) bytes a pair, before caches.

// knobs
const TILE: u32 = 4u;
// end knobs

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  unitSize: u32, units: u32,
  xOffset: u32, xReplica: u32, dyOffset: u32, dyReplica: u32, normsOffset: u32, normsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let plane = params.outHeight * params.outWidth;
  let image = params.height * params.width;
  let positions = params.unitSize * plane;
  let side = (positions + TILE - 1u) / TILE;
  let pairs = side * (side + 1u) / 2u;
  let index = (group.x + group.y * groups.x) * 64u + lane;
  if (index >= pairs * params.units) { return; }
  let unit = index / pairs;
  // The tile's place in the lower triangle, row by row.
  var tileColumn = index % pairs;
  var tileRow = 0u;
  while (tileColumn > tileRow) {
    tileRow++;
    tileColumn -= tileRow;
  }

  // Positions 0 to TILE − 1 are the rows of the tile, those after them its columns.
  var xAt: array<array<u32, TILE>, 2>;
  var dyAt: array<array<u32, TILE>, 2>;
  var top: array<array<u32, TILE>, 2>;
  var left: array<array<u32, TILE>, 2>;
  // unroll
  for (var h = 0u; h < 2u; h++) {
    // unroll
    for (var s = 0u; s < TILE; s++) {
      let at = min(select(tileRow, tileColumn, h == 1u) * TILE + s, positions - 1u);
      let n = unit * params.unitSize + at / plane;
      xAt[h][s] = params.xOffset + r * params.xReplica + n * params.channels * image;
      dyAt[h][s] = params.dyOffset + r * params.dyReplica + n * params.outChannels * plane + at % plane;
      top[h][s] = at % plane / params.outWidth * params.strideHeight - params.padHeight;
      left[h][s] = at % params.outWidth * params.strideWidth - params.padWidth;
    }
  }

  var patches: array<array<f32, TILE>, TILE>;
  var deltas: array<array<f32, TILE>, TILE>;
  var value: array<array<f32, TILE>, 2>;
  for (var c = 0u; c < params.channels; c++) {
    for (var i = 0u; i < params.kernelHeight; i++) {
      for (var j = 0u; j < params.kernelWidth; j++) {
        // unroll
        for (var h = 0u; h < 2u; h++) {
          // unroll
          for (var s = 0u; s < TILE; s++) {
            let row = top[h][s] + i;
            let column = left[h][s] + j;
            let inside = row < params.height && column < params.width;
            let at = xAt[h][s] + select(0u, c * image + row * params.width + column, inside);
            value[h][s] = select(0.0, x[at], inside);
          }
        }
        // unroll
        for (var s = 0u; s < TILE; s++) {
          // unroll
          for (var t = 0u; t < TILE; t++) { patches[s][t] += value[0][s] * value[1][t]; }
        }
      }
    }
  }
  for (var o = 0u; o < params.outChannels; o++) {
    // unroll
    for (var h = 0u; h < 2u; h++) {
      // unroll
      for (var s = 0u; s < TILE; s++) { value[h][s] = dy[dyAt[h][s] + o * plane]; }
    }
    // unroll
    for (var s = 0u; s < TILE; s++) {
      // unroll
      for (var t = 0u; t < TILE; t++) { deltas[s][t] += value[0][s] * value[1][t]; }
    }
  }

  var sum = 0.0;
  // unroll
  for (var s = 0u; s < TILE; s++) {
    // unroll
    for (var t = 0u; t < TILE; t++) {
      let mine = tileRow * TILE + s < positions && tileColumn * TILE + t < positions;
      sum += select(0.0, patches[s][t] * deltas[s][t], mine);
    }
  }
  norms[params.normsOffset + r * params.normsReplica + index] = select(2.0 * sum, sum, tileRow == tileColumn);
}
