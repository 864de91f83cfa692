// The greatest of a row, and the first place where it stands, among the LANES invocations that share the row.

struct Peak {
  value: f32,
  index: u32,
}

var<workgroup> peaks: array<Peak, 64>;

fn higher(a: Peak, b: Peak) -> Peak {
  if (b.value > a.value || (b.value == a.value && b.index < a.index)) { return b; }
  return a;
}

fn row_peak(own: Peak, local: u32) -> Peak {
  if (LANES == 1u) { return own; }
  peaks[local] = own;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (local % LANES < stride) { peaks[local] = higher(peaks[local], peaks[local + stride]); }
    workgroupBarrier();
  }
  return peaks[local - local % LANES];
}
