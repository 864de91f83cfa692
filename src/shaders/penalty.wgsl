// The penalty of a weight, in two stages, and its gradient.
//   L1: penalty = scale · Σ (l1·|w| + l2·w²), scale 1     dw = l1 · sign(w) + scale · w
//   else: penalty = scale · Σ w²                          dw = scale · w, where scale is twice as large
//   w, dw: any shape, the same     partials: one sum for each workgroup of the first stage
// Every sum is in a fixed order: strides, then a tree.

//#include "lib/invocation.wgsl"
//#include "lib/lane-sum.wgsl"
//#include "lib/word-elements.wgsl"

struct Params {
  elements: u32,  // of w
  vectors: u32,   // vec4 words in w
  partials: u32,  // workgroups of the first stage
  scale: f32,
  l1: f32,
  l2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<storage, read> partials: array<f32>;
@group(0) @binding(4) var<storage, read_write> penalty: array<f32>;
@group(0) @binding(5) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(64)
fn sum_terms(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  var sums = vec4f(0.0);
  for (var i = wg.x * WORKGROUP + local; i < params.vectors; i += params.partials * WORKGROUP) {
    let is_weight = word_elements(i, params.elements);
    let value = select(vec4f(0.0), w[i], is_weight);
//#if ${L1}
    sums += params.l1 * abs(value) + params.l2 * value * value;
//#else
    sums += value * value;
//#endif
  }
  let sum = sum_over(WORKGROUP, sums.x + sums.y + sums.z + sums.w, local);
  if (local == 0u) { partial[wg.x] = sum; }
}

@compute @workgroup_size(64)
fn total(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.partials; i += WORKGROUP) { sum += partials[i]; }
  sum = sum_over(WORKGROUP, sum, local);
  if (local == 0u) { penalty[0] = params.scale * sum; }
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.vectors) { return; }
//#if ${L1}
  dw[i] = params.l1 * sign(w[i]) + params.scale * w[i];
//#else
  dw[i] = params.scale * w[i];
//#endif
}
