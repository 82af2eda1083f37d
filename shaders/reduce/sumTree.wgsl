// sumTree: y[o] = Σ_r x[o, r], or Σ_r x[o, r]·w[o, r]: sums along the last axis by teams of invocations, for GPUs.
// Variants: sumTree, sumTreeSubgroup (subgroups).
// Layout: x [outer, reduced], w [outer, reduced] or, with a wRow of 0, [reduced] for every o; reduced divisible by 4
//   unless outer is 1. y [outer, chunks]: a team sums `chunk` consecutive vectors; further dispatches sum the chunks.
// Knobs: TEAM invocations a team, a power of 2 up to 256; PRODUCT multiplies by w; SQUARE by x itself.
// Order: a lane takes every TEAM-th vector, (0 + 1) + (2 + 3) of four of them onto one accumulator, ascending; the
//   lanes are added in a binary tree, lane i + half onto lane i. With subgroups the lanes of one are added pairwise, one
//   apart, then two, then four; subgroups ascending: then the order depends on the subgroup's size, hence on the device, but
//   not on the run.
// Cost: 1 flop (2 with PRODUCT) and 4 bytes (8) an element of x; neighbours load neighbouring vectors.

@if(subgroups) enable subgroups;

// knobs
const TEAM: u32 = 256u;
const PRODUCT: bool = false;
const SQUARE: bool = false;
// end knobs

struct Params {
  outer: u32, reduced: u32, chunk: u32, chunks: u32, wRow: u32,
  xOffset: u32, xReplica: u32, wOffset: u32, wReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, 256>;

fn term(xAt: u32, wAt: u32) -> vec4f {
  let value = x[xAt];
  if (SQUARE) { return value * value; }
  if (PRODUCT) { return value * w[wAt]; }
  return value;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @if(subgroups) @builtin(subgroup_size) width: u32,
) {
  let out = (group.x + group.y * groups.x) * (256u / TEAM) + lane / TEAM;
  let member = lane % TEAM;
  let present = out < params.outer * params.chunks;
  let c = out % params.chunks;
  let o = out / params.chunks;
  let vectors = params.reduced / 4u;
  let end = select(0u, min((c + 1u) * params.chunk, vectors), present);
  let xBase = (params.xOffset + group.z * params.xReplica + o * params.reduced) / 4u;
  let wBase = (params.wOffset + group.z * params.wReplica + o * params.wRow) / 4u;
  var acc = vec4f();
  var j = c * params.chunk + member;
  for (; j + 3u * TEAM < end; j += 4u * TEAM) {
    let a = term(xBase + j, wBase + j) + term(xBase + j + TEAM, wBase + j + TEAM);
    let b = term(xBase + j + 2u * TEAM, wBase + j + 2u * TEAM) + term(xBase + j + 3u * TEAM, wBase + j + 3u * TEAM);
    acc += a + b;
  }
  for (; j < end; j += TEAM) { acc += term(xBase + j, wBase + j); }
  // A vector that the last row ends in: what follows it in the buffer is not x.
  let left = params.reduced % 4u;
  if (present && left != 0u && c == params.chunks - 1u && member == 0u) {
    acc += select(vec4f(), term(xBase + vectors, wBase + vectors), vec4u(0u, 1u, 2u, 3u) < vec4u(left));
  }
  var sum = (acc.x + acc.y) + (acc.z + acc.w);
  @if(subgroups) {
    let together = min(width, TEAM);
    for (var apart = 1u; apart < together; apart *= 2u) { sum += subgroupShuffleXor(sum, apart); }
    parts[lane] = sum;
    workgroupBarrier();
    if (present && member == 0u) {
      for (var other = together; other < TEAM; other += together) { sum += parts[lane + other]; }
      y[params.yOffset + group.z * params.yReplica + out] = sum;
    }
  }
  @else {
    parts[lane] = sum;
    for (var span = TEAM / 2u; span > 0u; span /= 2u) {
      workgroupBarrier();
      if (member < span) { parts[lane] += parts[lane + span]; }
    }
    if (present && member == 0u) { y[params.yOffset + group.z * params.yReplica + out] = parts[lane]; }
  }
}
