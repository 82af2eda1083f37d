// indices: the examples of one batch, indices[r, j] for replica r and position j < batchSize.
// Layout: seeds [1] for each replica; counters [3] = step, epoch, offset (in examples, below `examples`); order
//   [steps, batchSize], read in MODE 3 only; indices [batchSize] for each replica; all u32, all contiguous.
// Knobs: MODE 0 shuffle (a permutation for each epoch, keyed by seed and epoch), 1 iid (with replacement, keyed by seed
//   and step), 2 sequential, 3 order (row `step` of the table). WIDTH invocations a workgroup. Host twin: src/data/sampler.ts.
// Order: nothing is summed; integers only. An epoch ends inside a batch where it must: none is short.
// Cost: no flops; shuffle about 200 integer operations an index; 4 bytes written for each.

import package::shared::integers::multiplyHigh;
import package::shared::threefry::threefry;

// knobs
const MODE: u32 = 0u;
const WIDTH: u32 = 64u;
// end knobs

struct Params {
  batchSize: u32,
  examples: u32,
  ordered: u32,
  seedsOffset: u32,
  seedsReplica: u32,
  countersOffset: u32,
  countersReplica: u32,
  orderOffset: u32,
  orderReplica: u32,
  indicesOffset: u32,
  indicesReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read> counters: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> indices: array<u32>;

// Purposes of src/random/purpose.ts.
const PURPOSE_SHUFFLE: u32 = 1u;
const PURPOSE_IID: u32 = 2u;

fn scramble(word: u32) -> u32 {
  var x = word ^ (word >> 16u);
  x = x * 0x21f0aaadu;
  x = x ^ (x >> 15u);
  x = x * 0x735a2d97u;
  return x ^ (x >> 15u);
}

// A Feistel network on the smallest domain 4^h >= n, walked until the image lies below n.
fn permutedIndex(seed: u32, epoch: u32, n: u32, index: u32) -> u32 {
  if (n == 1u) {
    return 0u;
  }
  let keys = threefry(vec2u(seed, PURPOSE_SHUFFLE), vec2u(epoch, 0u));
  let halfBits = (33u - countLeadingZeros(n - 1u)) >> 1u;
  let mask = (1u << halfBits) - 1u;
  var value = index;
  loop {
    var left = value >> halfBits;
    var right = value & mask;
    for (var r = 0u; r < 6u; r++) {
      let key = select(keys.y, keys.x, (r & 1u) == 0u) + 0x9e3779b9u * r;
      let image = (left ^ scramble(right ^ key)) & mask;
      left = right;
      right = image;
    }
    value = (left << halfBits) | right;
    if (value < n) {
      break;
    }
  }
  return value;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let position = (group.x + group.y * groups.x) * WIDTH + lane;
  let replica = group.z;
  if (position >= params.batchSize) {
    return;
  }
  let cursor = params.countersOffset + replica * params.countersReplica;
  let stepIndex = counters[cursor];
  var index = 0u;
  if (MODE == 3u) {
    // Past the end of the order no example comes.
    let place = stepIndex * params.batchSize + position;
    let found = order[params.orderOffset + replica * params.orderReplica + min(place, params.ordered - 1u)];
    index = select(0xffffffffu, found, place < params.ordered);
  } else {
    let seed = seeds[params.seedsOffset + replica * params.seedsReplica];
    if (MODE == 1u) {
      index = multiplyHigh(threefry(vec2u(seed, PURPOSE_IID), vec2u(stepIndex, position)).x, params.examples);
    } else {
      let place = counters[cursor + 2u] + position;
      index = place % params.examples;
      if (MODE == 0u) {
        let epoch = counters[cursor + 1u] + place / params.examples;
        index = permutedIndex(seed, epoch, params.examples, index);
      }
    }
  }
  indices[params.indicesOffset + replica * params.indicesReplica + position] = index;
}
