// bins: equal intervals of numbers, as histograms count them.

// The one of `bins` that a finite number is in, the first beginning at `low`; what lies outside is in the first or last.
fn binOf(value: f32, low: f32, perWidth: f32, bins: u32) -> u32 {
  return u32(clamp((value - low) * perWidth, 0.0, f32(bins - 1u)));
}
