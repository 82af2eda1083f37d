// variance: mean[o, i] = Σ_r x[o, r, i] / n and variance[o, i] = Σ_r (x[o, r, i] − mean)² · factor, centred throughout: the
//   first element is subtracted from all (exactly, where the mean is far from 0), groups of eight are centred about their
//   own mean in registers, and groups are merged by δ = meanB − mean; mean += δ·b/n; squares += squaresB + δ²·a·b/n
//   (Chan, Golub & LeVeque 1979).
// Layout: x [outer, reduced, inner]; mean and variance [outer, inner]. An invocation takes one chunk of r, and further
//   dispatches merge the chunks: until the last, `variance` is [outer, chunks, inner, 3], the number of elements, their
//   mean less x[o, 0, i] and the centred squares, and is the next one's `parts` [outer, partsReduced, inner, 3].
// Knobs: MERGE takes `parts`, else x; LAST writes mean and variance. INTERLEAVED: chunk c is every
//   chunks-th r from c on, which neighbouring invocations of a GPU load together; else consecutive r. GUARD passes the
//   differences through an integer XOR with `zero`, which is 0, so that no compiler regroups them.
// Order: r ascending, in groups of eight summed in a binary tree; chunks one by one.
// Cost: 5 flops and 4 bytes an element of x.

// knobs
const MERGE: bool = false;
const LAST: bool = true;
const INTERLEAVED: bool = false;
const GUARD: bool = false;
// end knobs

struct Params {
  outer: u32, reduced: u32, partsReduced: u32, inner: u32, chunk: u32, chunks: u32, zero: u32, factor: f32,
  xOffset: u32, xReplica: u32, partsOffset: u32, partsReplica: u32,
  meanOffset: u32, meanReplica: u32, varianceOffset: u32, varianceReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> variance: array<f32>;

fn held(v: vec4f) -> vec4f {
  if (GUARD) { return bitcast<vec4f>(bitcast<vec4u>(v) ^ vec4u(params.zero)); }
  return v;
}

// x, y, z = number, mean and centred squares.
fn merged(a: vec3f, b: vec3f) -> vec3f {
  let share = b.x / (a.x + b.x);
  let delta = b.y - a.y;
  return vec3f(a.x + b.x, a.y + delta * share, a.z + (b.z + delta * delta * (a.x * share)));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.outer * params.chunks * params.inner) { return; }
  let i = out % params.inner;
  let c = (out / params.inner) % params.chunks;
  let o = out / (params.inner * params.chunks);
  let extent = select(params.reduced, params.partsReduced, MERGE);
  let first = select(c * params.chunk, c, INTERLEAVED);
  let last = select(min(first + params.chunk, extent), extent, INTERLEAVED);
  let by = select(1u, params.chunks, INTERLEAVED);
  let xBase = params.xOffset + group.z * params.xReplica + o * params.reduced * params.inner + i;
  let shift = x[xBase];
  var total = vec3f();
  if (MERGE) {
    let partsBase = params.partsOffset + group.z * params.partsReplica + (o * extent * params.inner + i) * 3u;
    for (var r = first; r < last; r += by) {
      let p = partsBase + r * params.inner * 3u;
      total = merged(total, vec3f(parts[p], parts[p + 1u], parts[p + 2u]));
    }
  } else {
    let step = by * params.inner;
    var r = first;
    var at = xBase + first * params.inner;
    for (; r + 7u * by < last; r += 8u * by) {
      let lower = held(vec4f(x[at], x[at + step], x[at + 2u * step], x[at + 3u * step]) - shift);
      at += 4u * step;
      let upper = held(vec4f(x[at], x[at + step], x[at + 2u * step], x[at + 3u * step]) - shift);
      at += 4u * step;
      let sums = lower + upper;
      let middle = ((sums.x + sums.y) + (sums.z + sums.w)) * 0.125;
      let below = held(lower - middle);
      let above = held(upper - middle);
      let squares = below * below + above * above;
      total = merged(total, vec3f(8.0, middle, (squares.x + squares.y) + (squares.z + squares.w)));
    }
    for (; r < last; r += by) {
      total = merged(total, vec3f(1.0, held(vec4f(x[at] - shift)).x, 0.0));
      at += step;
    }
  }
  if (LAST) {
    mean[params.meanOffset + group.z * params.meanReplica + out] = shift + total.y;
    variance[params.varianceOffset + group.z * params.varianceReplica + out] = total.z * params.factor;
  } else {
    let p = params.varianceOffset + group.z * params.varianceReplica + out * 3u;
    variance[p] = total.x;
    variance[p + 1u] = total.y;
    variance[p + 2u] = total.z;
  }
}
