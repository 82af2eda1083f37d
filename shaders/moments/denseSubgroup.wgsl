// denseSubgroup: what `dense` computes, by four invocations (a quad) a tile, and the norms of `denseNorms` beside. K
//   divisible by 4. p_b = d[b, l] x[b, k];  gradient[l, k] = (1/B) sum_b p_b;  variance[l, k] = sum_b (p_b -
//   mean)^2 = sum e^2 - (sum e)^2 / B with e_b = p_b - p_0; see `dense` for why that cannot lose small
//   variances or turn negative. norms: sum_k x[b, k]^2 sum_l d[b, l]^2, then sum_l d[b, l]^2.
// Layout: x [B, K], gradient's and variance's weights [L, K] in fours; d [B, L] in scalars; the bias's [L] in
//   the same flat buffers at biasGradientOffset and biasVarianceOffset, L / 4 rounded up fours of which the
//   last may reach into padding, which becomes 0; norms [B] each, the bias's at biasNormsOffset. Replica r is
//   workgroup_id.z.
// Knobs: WIDTH invocations a workgroup. A tile is 4 TILE_Q rows (l) by 16 FOURS_N = 4 TILE_N columns (k):
//   each lane holds TILE_N of the columns and loads TILE_Q of the rows, which the quad passes around. A step
//   takes FOURS_B fours of examples. BIAS: also the bias, by ceil(L / (4 WIDTH)) workgroups after the tiles'
//   own, and after those ceil(B / WIDTH) for the norms. GUARD: as in `dense`.
// Order: one accumulator an output and sum; the examples of a step are summed first, ascending. Places past the
//   last example repeat the first, whose e is 0, and p_0 is taken off the plain sum as often.
//   Norms: k and l ascending, x in four interleaved accumulators.
// Cost: 6 B flops and (1 / TILE_Q + 1 / TILE_N) B bytes an output, before caches.

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_N: u32 = 4u;
const FOURS_N: u32 = 1u;
const FOURS_B: u32 = 2u;
const BIAS: bool = true;
const GUARD: bool = true;
// end knobs

struct Params {
  batch: u32, inputs: u32, outputs: u32, zero: u32, xOffset: u32, xReplica: u32, dOffset: u32, dReplica: u32,
  gradientOffset: u32, gradientReplica: u32, varianceOffset: u32, varianceReplica: u32,
  normsOffset: u32, normsReplica: u32, biasGradientOffset: u32, biasVarianceOffset: u32, biasNormsOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> variance: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> norms: array<f32>;

fn rounded(product: vec4f) -> vec4f {
  if (GUARD) { return bitcast<vec4f>(bitcast<vec4u>(product) ^ vec4u(params.zero)); }
  return product;
}

fn biasOfFour(r: u32, four: u32) {
  if (4u * four >= params.outputs) { return; }
  let l = 4u * four + vec4u(0u, 1u, 2u, 3u);
  let live = l < vec4u(params.outputs);
  let at = params.dOffset + r * params.dReplica + min(l, vec4u(params.outputs - 1u));
  let first = vec4f(d[at.x], d[at.y], d[at.z], d[at.w]);
  var sum = vec4f();
  var shifted = vec4f();
  var squares = vec4f();
  for (var n = 0u; n < params.batch; n++) {
    let i = at + n * params.outputs;
    let p = vec4f(d[i.x], d[i.y], d[i.z], d[i.w]);
    let e = p - first;
    sum += p;
    shifted += e;
    squares += e * e;
  }
  let count = f32(params.batch);
  let mean = select(vec4f(), sum / count, live);
  let centred = select(vec4f(), squares - shifted * (shifted / count), live);
  gradient[(params.biasGradientOffset + r * params.gradientReplica) / 4u + four] = mean;
  variance[(params.biasVarianceOffset + r * params.varianceReplica) / 4u + four] = centred;
}

fn normsOfExample(r: u32, n: u32) {
  if (n >= params.batch) { return; }
  let xAt = (params.xOffset + r * params.xReplica + n * params.inputs) / 4u;
  var four = vec4f();
  for (var k = 0u; k < params.inputs / 4u; k++) {
    let value = x[xAt + k];
    four += value * value;
  }
  let dAt = params.dOffset + r * params.dReplica + n * params.outputs;
  var squares = 0.0;
  for (var l = 0u; l < params.outputs; l++) {
    let value = d[dAt + l];
    squares += value * value;
  }
  norms[params.normsOffset + r * params.normsReplica + n] = ((four.x + four.y) + (four.z + four.w)) * squares;
  norms[params.biasNormsOffset + r * params.normsReplica + n] = squares;
}

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let across = (params.inputs + 4u * TILE_N - 1u) / (4u * TILE_N);
  let tiles = across * ((params.outputs + 4u * TILE_Q - 1u) / (4u * TILE_Q));
  let tileGroups = (tiles + WIDTH / 4u - 1u) / (WIDTH / 4u);
  let index = group.x + group.y * groups.x;
  if (index >= tileGroups) {
    let biasGroups = select(0u, (params.outputs + 4u * WIDTH - 1u) / (4u * WIDTH), BIAS);
    if (index < tileGroups + biasGroups) {
      biasOfFour(r, (index - tileGroups) * WIDTH + local);
      return;
    }
    normsOfExample(r, (index - tileGroups - biasGroups) * WIDTH + local);
    return;
  }

  // A tile past the last one has its rows past L: it computes on clamped operands and stores nothing.
  let tile = index * (WIDTH / 4u) + local / 4u;
  let l0 = tile / across * (4u * TILE_Q);
  let four0 = tile % across * TILE_N + lane;
  let fours = params.inputs / 4u;
  let xBase = (params.xOffset + r * params.xReplica) / 4u;
  let dBase = params.dOffset + r * params.dReplica;
  var dAt: array<u32, TILE_Q>;
  var xAt: array<u32, FOURS_N>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) { dAt[q] = dBase + min(l0 + 4u * q + lane, params.outputs - 1u); }
  // unroll
  for (var j = 0u; j < FOURS_N; j++) { xAt[j] = xBase + min(four0 + 4u * j, fours - 1u); }

  var dn: array<array<vec4f, TILE_Q>, FOURS_B>;
  var xn: array<array<vec4f, TILE_N>, FOURS_B>;
  var dl: array<vec4f, FOURS_B>;
  var first: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  var sum: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  var shifted: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  var squares: array<array<array<f32, TILE_N>, 4>, TILE_Q>;
  // unroll
  for (var j = 0u; j < FOURS_N; j++) {
    let f = x[xAt[j]];
    xn[0][4u * j] = vec4f(f.x);
    xn[0][4u * j + 1u] = vec4f(f.y);
    xn[0][4u * j + 2u] = vec4f(f.z);
    xn[0][4u * j + 3u] = vec4f(f.w);
  }
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    let mine = vec4f(d[dAt[q]]);
    // unroll
    for (var t = 0u; t < 4u; t++) {
      let d0 = quadBroadcast(mine, t);
      // unroll
      for (var j = 0u; j < TILE_N; j++) { first[q][t][j] = rounded(d0 * xn[0][j]).x; }
    }
  }

  for (var n0 = 0u; n0 < params.batch; n0 += 4u * FOURS_B) {
    // unroll
    for (var h = 0u; h < FOURS_B; h++) {
      let four = n0 + 4u * h + vec4u(0u, 1u, 2u, 3u);
      let n = select(vec4u(), four, four < vec4u(params.batch));
      // unroll
      for (var q = 0u; q < TILE_Q; q++) {
        let at = dAt[q] + n * params.outputs;
        dn[h][q] = vec4f(d[at.x], d[at.y], d[at.z], d[at.w]);
      }
      // unroll
      for (var j = 0u; j < FOURS_N; j++) {
        let at = xAt[j] + n * fours;
        let f0 = x[at.x];
        let f1 = x[at.y];
        let f2 = x[at.z];
        let f3 = x[at.w];
        xn[h][4u * j] = vec4f(f0.x, f1.x, f2.x, f3.x);
        xn[h][4u * j + 1u] = vec4f(f0.y, f1.y, f2.y, f3.y);
        xn[h][4u * j + 2u] = vec4f(f0.z, f1.z, f2.z, f3.z);
        xn[h][4u * j + 3u] = vec4f(f0.w, f1.w, f2.w, f3.w);
      }
    }
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      // unroll
      for (var t = 0u; t < 4u; t++) {
        // unroll
        for (var h = 0u; h < FOURS_B; h++) { dl[h] = quadBroadcast(dn[h][q], t); }
        // unroll
        for (var j = 0u; j < TILE_N; j++) {
          var plain = 0.0;
          var total = 0.0;
          var square = 0.0;
          // unroll
          for (var h = 0u; h < FOURS_B; h++) {
            let p = rounded(dl[h] * xn[h][j]);
            let e = p - first[q][t][j];
            plain += (p.x + p.y) + (p.z + p.w);
            total += (e.x + e.y) + (e.z + e.w);
            square += dot(e, e);
          }
          sum[q][t][j] += plain;
          shifted[q][t][j] += total;
          squares[q][t][j] += square;
        }
      }
    }
  }

  let count = f32(params.batch);
  let repeated = f32((4u * FOURS_B - params.batch % (4u * FOURS_B)) % (4u * FOURS_B));
  let gradientAt = (params.gradientOffset + r * params.gradientReplica) / 4u + l0 * fours + four0;
  let varianceAt = (params.varianceOffset + r * params.varianceReplica) / 4u + l0 * fours + four0;
  // unroll
  for (var j = 0u; j < FOURS_N; j++) {
    let past = four0 + 4u * j;
    if (past < fours) {
      // unroll
      for (var q = 0u; q < TILE_Q; q++) {
        let row = 4u * q;
        // unroll
        for (var t = 0u; t < 4u; t++) {
          let l = l0 + row + t;
          if (l < params.outputs) {
            let at = (row + t) * fours + 4u * j;
            let p0 = vec4f(
              first[q][t][4u * j], first[q][t][4u * j + 1u], first[q][t][4u * j + 2u], first[q][t][4u * j + 3u],
            );
            let s = vec4f(sum[q][t][4u * j], sum[q][t][4u * j + 1u], sum[q][t][4u * j + 2u], sum[q][t][4u * j + 3u]);
            let e1 = vec4f(
              shifted[q][t][4u * j], shifted[q][t][4u * j + 1u], shifted[q][t][4u * j + 2u], shifted[q][t][4u * j + 3u],
            );
            let e2 = vec4f(
              squares[q][t][4u * j], squares[q][t][4u * j + 1u], squares[q][t][4u * j + 2u], squares[q][t][4u * j + 3u],
            );
            gradient[gradientAt + at] = (s - repeated * p0) / count;
            variance[varianceAt + at] = e2 - e1 * (e1 / count);
          }
        }
      }
    }
  }
}
