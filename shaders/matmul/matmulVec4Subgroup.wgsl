// matmulVec4Subgroup: C = op(A) op(B) for the forms NN, NT and TN, then bias, activation or activation mask. K and
//   n divisible by 4, and m too in the form TN.
// Variants: matmulVec4Subgroup (vec4).
// Layout: a [m, k], or [k, m] in the form TN; b [k, n], or [n, k] in the form NT; c [m, n], bias [n], y [m, n];
//   row-major and dense, all in fours. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup, four (a quad) a tile of 4 LANES rows by 16 FOURS_N columns: each lane holds
//   FOURS_N fours of the columns; the first LANES load four of the rows each, which the quad passes around. BLOCK:
//   fours of k in a partial sum of the forms NN and NT. SMOOTH: compile tanh and sigmoid in. Every tile gives the
//   same bits.
// Form (0 NN, 1 NT, 2 TN) and epilogue are chosen at run time, so that one pipeline serves all layers and their
//   gradients: whatever the form, operands come as blocks of four by four, and those that run across k are
//   transposed in registers. bias: add bias[col]. activation: 0 none, 1 relu, 2 tanh, 3 sigmoid. mask: multiply
//   by the derivative of that activation at its output y (numbered alike). columnSum (TN): also
//   c[columnSumOffset + i] = sum over l of a[l, i], by ceil(m / (4 WIDTH)) workgroups after the tiles' own.
// Order: products of four consecutive k, those of a block, and the blocks, each k ascending; in the form TN, where k
//   counts examples, one sum over all of it, as in the moments of per-example gradients. That is 7 % faster, its
//   error at k = 784 2.3 times as large: a loop costs SwiftShader about one step more than it has (timings of
//   2026-11-26).
// Cost: 2 k flops and (1 / 4 + 1 / (4 FOURS_N)) k bytes an output, before caches. SwiftShader spends some 45
//   cycles on each scalar load whatever its address, and some 7 on each accumulator an iteration: hence the
//   four k at once and the large tile. It compiles each load and store into a branch a lane: hence the few
//   stores at the end.

import package::shared::activation::{activated, masked, passed, rectified};

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const LANES: u32 = 4u;
const FOURS_N: u32 = 2u;
const BLOCK: u32 = 16u;
const SMOOTH: bool = false;
// end knobs

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  bias: u32, biasOffset: u32, biasReplica: u32, mask: u32, yOffset: u32, yReplica: u32, activation: u32,
  form: u32, columnSum: u32, columnSumOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> y: array<vec4f>;

fn finish(value: vec4f, r: u32, row: u32, four: u32) -> vec4f {
  var v = value;
  if (params.bias != 0u) { v += bias[(params.biasOffset + r * params.biasReplica) / 4u + four]; }
  if (SMOOTH) {
    v = activated(v, params.activation);
  } else if (params.activation == 1u) {
    v = rectified(v);
  }
  if (params.mask != 0u) {
    let s = y[(params.yOffset + r * params.yReplica + row * params.n) / 4u + four];
    if (SMOOTH) {
      v = masked(v, s, params.mask);
    } else if (params.mask == 1u) {
      v = passed(v, s);
    }
  }
  return v;
}

fn sumFourColumns(r: u32, four: u32) {
  if (4u * four >= params.m) { return; }
  let at = (params.aOffset + r * params.aReplica) / 4u + four;
  var total = vec4f();
  for (var l = 0u; l < params.k; l++) { total += a[at + l * (params.m / 4u)]; }
  c[(params.columnSumOffset + r * params.cReplica) / 4u + four] = total;
}

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let across = (params.n + 16u * FOURS_N - 1u) / (16u * FOURS_N);
  let index = group.x + group.y * groups.x;
  if (params.columnSum != 0u) {
    let tiles = across * ((params.m + 4u * LANES - 1u) / (4u * LANES));
    let tileGroups = (tiles + WIDTH / 4u - 1u) / (WIDTH / 4u);
    if (index >= tileGroups) {
      sumFourColumns(r, (index - tileGroups) * WIDTH + local);
      return;
    }
  }
  let aBase = (params.aOffset + r * params.aReplica) / 4u;
  let bBase = (params.bOffset + r * params.bReplica) / 4u;
  // A tile past the last one has its rows past m: it computes on clamped operands and stores nothing.
  let tile = index * (WIDTH / 4u) + local / 4u;
  let row0 = tile / across * (4u * LANES);
  let four0 = tile % across * (4u * FOURS_N) + lane;

  // Whether an operand's rows run across k.
  let aAcross = params.form == 2u;
  let bAcross = params.form != 1u;
  let aRow = min(row0 + 4u * (lane % LANES), params.m - 1u);
  let aStep = select(params.k, params.m, aAcross) / 4u;
  let aNext = select(1u, params.m, aAcross);
  let bStep = select(params.k, params.n, bAcross) / 4u;
  let bNext = select(1u, params.n, bAcross);
  var aAt: array<u32, 4>;
  var bAt: array<u32, FOURS_N>;
  // unroll
  for (var i = 0u; i < 4u; i++) {
    aAt[i] = aBase + select(min(aRow + i, params.m - 1u) * aStep, aRow / 4u + i * aStep, aAcross);
  }
  // unroll
  for (var p = 0u; p < FOURS_N; p++) {
    let four = min(four0 + 4u * p, params.n / 4u - 1u);
    bAt[p] = bBase + select(4u * four * bStep, four, bAcross);
  }

  var sum: array<array<array<vec4f, FOURS_N>, 4>, LANES>;
  var part: array<array<array<vec4f, FOURS_N>, 4>, LANES>;
  var bl: array<mat4x4f, FOURS_N>;
  let steps = params.k / 4u;
  let length = select(BLOCK, steps, params.form == 2u);
  var l = 0u;
  while (l < steps) {
    let end = min(l + length, steps);
    for (; l < end; l++) {
      let aMove = l * aNext;
      let bMove = l * bNext;
      let a0 = a[aAt[0u] + aMove];
      let a1 = a[aAt[1u] + aMove];
      let a2 = a[aAt[2u] + aMove];
      let a3 = a[aAt[3u] + aMove];
      let x0 = select(a0, vec4f(a0.x, a1.x, a2.x, a3.x), aAcross);
      let x1 = select(a1, vec4f(a0.y, a1.y, a2.y, a3.y), aAcross);
      let x2 = select(a2, vec4f(a0.z, a1.z, a2.z, a3.z), aAcross);
      let x3 = select(a3, vec4f(a0.w, a1.w, a2.w, a3.w), aAcross);
      // unroll
      for (var p = 0u; p < FOURS_N; p++) {
        let at = bAt[p] + bMove;
        let f0 = b[at];
        let f1 = b[at + bStep];
        let f2 = b[at + 2u * bStep];
        let f3 = b[at + 3u * bStep];
        bl[p] = mat4x4f(
          select(f0, vec4f(f0.x, f1.x, f2.x, f3.x), bAcross),
          select(f1, vec4f(f0.y, f1.y, f2.y, f3.y), bAcross),
          select(f2, vec4f(f0.z, f1.z, f2.z, f3.z), bAcross),
          select(f3, vec4f(f0.w, f1.w, f2.w, f3.w), bAcross),
        );
      }
      // unroll
      for (var t = 0u; t < LANES; t++) {
        let y0 = quadBroadcast(x0, t);
        let y1 = quadBroadcast(x1, t);
        let y2 = quadBroadcast(x2, t);
        let y3 = quadBroadcast(x3, t);
        // unroll
        for (var p = 0u; p < FOURS_N; p++) {
          part[t][0][p] += y0 * bl[p];
          part[t][1][p] += y1 * bl[p];
          part[t][2][p] += y2 * bl[p];
          part[t][3][p] += y3 * bl[p];
        }
      }
    }
    // unroll
    for (var t = 0u; t < LANES; t++) {
      // unroll
      for (var i = 0u; i < 4u; i++) {
        // unroll
        for (var p = 0u; p < FOURS_N; p++) {
          sum[t][i][p] += part[t][i][p];
          part[t][i][p] = vec4f();
        }
      }
    }
  }

  // Rows leave the accumulators from the front, the others move up: indices stay constant, and one row's stores are compiled.
  let fours = params.n / 4u;
  let cAt = (params.cOffset + r * params.cReplica) / 4u + row0 * fours + four0;
  for (var up = 0u; up < 4u * LANES; up++) {
    // unroll
    for (var p = 0u; p < FOURS_N; p++) {
      if (params.m > row0 + up && fours > four0 + 4u * p) {
        c[cAt + up * fours + 4u * p] = finish(sum[0][0][p], r, row0 + up, four0 + 4u * p);
      }
    }
    // unroll
    for (var t = 0u; t < LANES; t++) {
      sum[t][0] = sum[t][1];
      sum[t][1] = sum[t][2];
      sum[t][2] = sum[t][3];
      sum[t][3] = sum[min(t + 1u, LANES - 1u)][0];
    }
  }
}
