// The L2 penalty of a weight, in two stages, and its gradient.
//   penalty = scale · Σ w²     dw = scale · w, where scale is twice as large
//   w, dw: any shape, the same     partials: one sum for each workgroup of the first stage
// Every sum is in a fixed order: strides, then a tree.

struct Params {
  elements: u32,  // of w
  vectors: u32,   // vec4 words in w
  partials: u32,  // workgroups of the first stage
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<storage, read> partials: array<f32>;
@group(0) @binding(4) var<storage, read_write> penalty: array<f32>;
@group(0) @binding(5) var<storage, read_write> dw: array<vec4f>;

var<workgroup> scratch: array<f32, 64>;

fn workgroup_sum(value: f32, local: u32) -> f32 {
  scratch[local] = value;
  workgroupBarrier();
  for (var stride = 32u; stride > 0u; stride /= 2u) {
    if (local < stride) { scratch[local] += scratch[local + stride]; }
    workgroupBarrier();
  }
  return scratch[0];
}

@compute @workgroup_size(64)
fn sum_squares(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  var sums = vec4f(0.0);
  for (var i = wg.x * 64u + local; i < params.vectors; i += params.partials * 64u) {
    // What the last word holds beyond the weight may be anything.
    let is_weight = vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.elements);
    let value = select(vec4f(0.0), w[i], is_weight);
    sums += value * value;
  }
  let sum = workgroup_sum(sums.x + sums.y + sums.z + sums.w, local);
  if (local == 0u) { partial[wg.x] = sum; }
}

@compute @workgroup_size(64)
fn total(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.partials; i += 64u) { sum += partials[i]; }
  sum = workgroup_sum(sum, local);
  if (local == 0u) { penalty[0] = params.scale * sum; }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (wg.y * groups.x + wg.x) * 64u + local;
  if (i >= params.vectors) { return; }
  dw[i] = params.scale * w[i];
}
