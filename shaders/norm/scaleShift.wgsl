// scaleShift: z = w·y + b with y = (x − mean)·scale or y = x, element by element, w and b one a channel.
// Layout: x, y and z [outer, channels, inner]; mean, scale, w and b [channels], or w and b [inner].
// Knobs: STANDARDIZE false takes x for y; KEEP writes y; AFFINE 0 writes no z, 1 takes w and b by channel, 2 by place in
//   the channel (outer is 1); BIAS false leaves b out; PER_THREAD consecutive elements a thread.
// Order: no sums.
// Cost: 2 to 4 flops and 8 bytes an element, 12 where y and z are written.

// knobs
const STANDARDIZE: bool = true;
const KEEP: bool = true;
const AFFINE: u32 = 1u;
const BIAS: bool = true;
const PER_THREAD: u32 = 1u;
// end knobs

struct Params {
  elements: u32, channels: u32, inner: u32,
  xOffset: u32, xReplica: u32, meanOffset: u32, meanReplica: u32, scaleOffset: u32, scaleReplica: u32,
  wOffset: u32, wReplica: u32, bOffset: u32, bReplica: u32, yOffset: u32, yReplica: u32, zOffset: u32, zReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> w: array<f32>;
@group(0) @binding(5) var<storage, read> b: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;
@group(0) @binding(7) var<storage, read_write> z: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = ((group.x + group.y * groups.x) * 64u + lane) * PER_THREAD;
  let r = group.z;
  let xAt = params.xOffset + r * params.xReplica;
  let yAt = params.yOffset + r * params.yReplica;
  let zAt = params.zOffset + r * params.zReplica;
  for (var e = first; e < min(first + PER_THREAD, params.elements); e++) {
    let row = e / params.inner;
    let c = row % params.channels;
    var value = x[xAt + e];
    if (STANDARDIZE) {
      value = (value - mean[params.meanOffset + r * params.meanReplica + c])
        * scale[params.scaleOffset + r * params.scaleReplica + c];
    }
    if (KEEP) { y[yAt + e] = value; }
    if (AFFINE != 0u) {
      let k = select(e - row * params.inner, c, AFFINE == 1u);
      var scaled = w[params.wOffset + r * params.wReplica + k] * value;
      if (BIAS) { scaled += b[params.bOffset + r * params.bReplica + k]; }
      z[zAt + e] = scaled;
    }
  }
}
