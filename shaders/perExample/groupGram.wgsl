// groupGram: inner products of the rows of each group of consecutive examples, gram[s, i, j] = x_{sb+i} · x_{sb+j}.
// Layout: x [groups·size, features]; gram [groups, size, size], symmetric.
// Order: features ascending, in four interleaved accumulators added as (0 + 1) + (2 + 3).
// Cost: 2·features flops and 8·features bytes an output, before caches.

struct Params { groups: u32, size: u32, features: u32, xOffset: u32, xReplica: u32, gramOffset: u32, gramReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> gram: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  let square = params.size * params.size;
  if (out >= params.groups * square) { return; }
  let first = out / square * params.size;
  let base = params.xOffset + group.z * params.xReplica;
  let a = base + (first + out % square / params.size) * params.features;
  let b = base + (first + out % params.size) * params.features;
  var acc = vec4f();
  var k = 0u;
  for (; k + 4u <= params.features; k += 4u) {
    acc += vec4f(x[a + k], x[a + k + 1u], x[a + k + 2u], x[a + k + 3u])
      * vec4f(x[b + k], x[b + k + 1u], x[b + k + 2u], x[b + k + 3u]);
  }
  for (; k < params.features; k++) { acc.x += x[a + k] * x[b + k]; }
  gram[params.gramOffset + group.z * params.gramReplica + out] = (acc.x + acc.y) + (acc.z + acc.w);
}
