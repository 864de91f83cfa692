// The largest of what neighbouring invocations of a workgroup have. All must come here, for there are barriers.

//#include "lib/lane-sum.wgsl"

// What no number is below.
const LOWEST: f32 = -3.4028234e38;

// Of `lanes` neighbours, a power of two, for each of them.
fn max_over(lanes: u32, value: f32, local: u32) -> f32 {
  if (lanes == 1u) { return value; }
  scratch[local] = value;
  workgroupBarrier();
  for (var stride = lanes / 2u; stride > 0u; stride /= 2u) {
    if (local % lanes < stride) { scratch[local] = max(scratch[local], scratch[local + stride]); }
    workgroupBarrier();
  }
  let peak = scratch[local - local % lanes];
  workgroupBarrier();
  return peak;
}
