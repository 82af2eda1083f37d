// maxPool2d: y = the largest element of each window, and where it is: indices = row·W + column in its own plane, as
//   PyTorch numbers them. Outside the image is −∞; the first of equal elements wins, and the last NaN over everything.
// Layout: x [N·C, H, W]; y and indices [N·C, H', W']; replica r is workgroup_id.z.
// Order: no sums; rows, then columns, ascending.
// Cost: kh·kw comparisons and 4·kh·kw + 8 bytes an output, before caches.

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32, indicesOffset: u32, indicesReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;

// By its bits: a compiler may take comparisons with NaN for impossible.
fn isNan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let out = (group.x + group.y * groups.x) * 64u + lane;
  let outPlane = params.outHeight * params.outWidth;
  if (out >= params.planes * outPlane) { return; }
  let top = out % outPlane / params.outWidth * params.strideHeight;
  let left = out % params.outWidth * params.strideWidth;
  let row0 = max(top, params.padHeight) - params.padHeight;
  let row1 = min(top + params.kernelHeight - params.padHeight, params.height);
  let column0 = max(left, params.padWidth) - params.padWidth;
  let column1 = min(left + params.kernelWidth - params.padWidth, params.width);
  let base = params.xOffset + r * params.xReplica + out / outPlane * params.height * params.width;
  var at = row0 * params.width + column0;
  var best = x[base + at];
  for (var row = row0; row < row1; row++) {
    for (var column = column0; column < column1; column++) {
      let v = x[base + row * params.width + column];
      if (isNan(v) || (v > best && !isNan(best))) {
        best = v;
        at = row * params.width + column;
      }
    }
  }
  y[params.yOffset + r * params.yReplica + out] = best;
  indices[params.indicesOffset + r * params.indicesReplica + out] = at;
}
