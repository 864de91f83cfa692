// Sums over neighbouring invocations of a workgroup, as a tree of fixed shape. All must come here, for there are barriers.

var<workgroup> scratch: array<f32, 64>;

// The sum of `lanes` neighbours, a power of two, for each of them.
fn sum_over(lanes: u32, value: f32, local: u32) -> f32 {
  if (lanes == 1u) { return value; }
  scratch[local] = value;
  workgroupBarrier();
  for (var stride = lanes / 2u; stride > 0u; stride /= 2u) {
    if (local % lanes < stride) { scratch[local] += scratch[local + stride]; }
    workgroupBarrier();
  }
  let sum = scratch[local - local % lanes];
  workgroupBarrier();
  return sum;
}
