// groups: sums over a group's elements, by a workgroup of 128 invocations a group, or a chunk of one.

var<workgroup> lanes: array<vec2f, 128>;

// The sum of all lanes' values, for every lane: in halves, lane i and lane i + 64, and so on.
fn total(lane: u32, value: vec2f) -> vec2f {
  lanes[lane] = value;
  workgroupBarrier();
  for (var half = 64u; half > 0u; half >>= 1u) {
    if (lane < half) { lanes[lane] += lanes[lane + half]; }
    workgroupBarrier();
  }
  let sum = lanes[0];
  workgroupBarrier();
  return sum;
}

// Where element j of group g lies, from the start of a tensor [outer, groups, inner].
fn place(g: u32, j: u32, outer: u32, groups: u32, inner: u32) -> u32 {
  if (outer == 1u) { return g * inner + j; }
  let o = j / inner;
  return (o * groups + g) * inner + (j - o * inner);
}
