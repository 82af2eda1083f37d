// window: the windows of a pooling. Along one axis window o holds `extent` inputs from o·stride − pad on, of which there are `size`.

// Plane, row and column of a window, counted over planes of rows × columns windows each.
fn windowAt(index: u32, rows: u32, columns: u32) -> vec3u {
  let row = index / columns;
  let plane = row / rows;
  return vec3u(plane, row - plane * rows, index - row * columns);
}

// The inputs first ≤ i < end that window o holds.
fn inputsOf(o: u32, stride: u32, extent: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + extent - pad, size));
}

// Of `windows` those first ≤ o < end that hold input i.
fn windowsOf(i: u32, stride: u32, extent: u32, pad: u32, windows: u32) -> vec2u {
  let last = i + pad;
  return vec2u(select(0u, (last - extent) / stride + 1u, last >= extent), min(last / stride + 1u, windows));
}
