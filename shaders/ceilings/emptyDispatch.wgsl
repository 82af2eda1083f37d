// emptyDispatch: y[0] = mark, unless that is zero: nothing, for the cost of a dispatch.
// Layout: y [1]; replica r is workgroup_id.z.
// Order: nothing is summed.
// Cost: none but its own.

struct Params { mark: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  if (params.mark != 0u) { y[params.yOffset + group.z * params.yReplica] = params.mark; }
}
