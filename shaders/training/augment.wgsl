// augment: the images of a batch, each flipped or not and then shifted by whole pixels, zeros coming in from outside. How is a
//   function of the replica's seed, the step and the image's position in the batch alone.
// Layout: x and y [batch, features], features = channels·height·width, each image row-major; seeds [1] for each replica;
//   counters [3] = step, epoch, offset; both u32. Replica r is workgroup_id.z. Image b takes the first word of Threefry with key
//   (seed, augmentation) and counter (step, b), as one of (2·reach + 1)²·flips equally likely outcomes o: columns
//   o mod (2·reach + 1) − reach to the right, rows by the next such digit down, and a flip if what is left is 1. Host twin:
//   src/data/imageAugmentation.ts. A workgroup makes 64·PER_THREAD pixels of one image, `segments` of them an image.
// Knobs: PER_THREAD pixels are made by one invocation.
// Order: no sums.
// Cost: no flops; about 150 integer operations an invocation and 10 a pixel; 8 bytes a pixel.

import package::shared::integers::multiplyHigh;
import package::shared::threefry::threefry;

// knobs
const PER_THREAD: u32 = 1u;
// end knobs

struct Params {
  batch: u32, features: u32, height: u32, width: u32, reach: u32, flips: u32, segments: u32,
  xOffset: u32, xReplica: u32, seedsOffset: u32, seedsReplica: u32, countersOffset: u32, countersReplica: u32,
  yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> seeds: array<u32>;
@group(0) @binding(3) var<storage, read> counters: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Purpose of src/random/purpose.ts.
const PURPOSE_AUGMENTATION: u32 = 66u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = group.x + group.y * groups.x;
  let b = place / params.segments;
  if (b >= params.batch) { return; }
  let r = group.z;
  let seed = seeds[params.seedsOffset + r * params.seedsReplica];
  let step = counters[params.countersOffset + r * params.countersReplica];
  let word = threefry(vec2u(seed, PURPOSE_AUGMENTATION), vec2u(step, b)).x;
  let shifts = 2u * params.reach + 1u;
  let outcome = multiplyHigh(word, shifts * shifts * params.flips);
  let right = i32(outcome % shifts) - i32(params.reach);
  let down = i32(outcome / shifts % shifts) - i32(params.reach);
  let isFlipped = outcome / shifts / shifts == 1u;
  let size = vec2i(i32(params.height), i32(params.width));
  let xAt = params.xOffset + r * params.xReplica + b * params.features;
  let yAt = params.yOffset + r * params.yReplica + b * params.features;
  let first = (place % params.segments) * 64u * PER_THREAD + lane;
  for (var j = 0u; j < PER_THREAD; j++) {
    let k = first + 64u * j;
    if (k >= params.features) { break; }
    let line = k / params.width;
    let channel = line / params.height;
    let row = i32(line % params.height) - down;
    let shifted = i32(k % params.width) - right;
    let column = select(shifted, size.y - 1 - shifted, isFlipped);
    let inside = row >= 0 && row < size.x && column >= 0 && column < size.y;
    let source = channel * params.height * params.width + u32(row * size.y + column);
    y[yAt + k] = select(0.0, x[xAt + select(0u, source, inside)], inside);
  }
}
