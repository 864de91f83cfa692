// Gradients clipped in place before an optimiser's update: by value, or to a norm of one tensor or of several.
//   by value c: x ← clamp(x, −c, c)    to norm c: x ← x · c / max(sqrt(Σ x²), c)
//   x: flat    partial, partials: one sum for each workgroup of the first stage, over all tensors of the norm    scale (1)
// Every sum is in a fixed order: strides, then a tree.

//#include "lib/invocation.wgsl"
//#include "lib/lane-sum.wgsl"
//#include "lib/word-elements.wgsl"

struct Params {
  elements: u32,  // of x
  vectors: u32,   // vec4 words in x
  stride: u32,    // from one word of an invocation to its next
  groups: u32,    // workgroups of the first stage for this x
  base: u32,      // of those before this x
  partials: u32,  // of all
  limit: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<storage, read> partials: array<f32>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;
@group(0) @binding(5) var<storage, read> factor: array<f32>;
@group(0) @binding(6) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn sum_squares(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  var sums = vec4f(0.0);
  for (var i = wg.x * WORKGROUP + local; i < params.vectors; i += params.groups * WORKGROUP) {
    let is_element = word_elements(i, params.elements);
    let value = select(vec4f(0.0), g[i], is_element);
    sums += value * value;
  }
  let sum = sum_over(WORKGROUP, sums.x + sums.y + sums.z + sums.w, local);
  if (local == 0u) { partial[params.base + wg.x] = sum; }
}

@compute @workgroup_size(64)
fn scale_to(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.partials; i += WORKGROUP) { sum += partials[i]; }
  sum = sum_over(WORKGROUP, sum, local);
  if (local == 0u) { scale[0] = params.limit / max(sqrt(sum), params.limit); }
}

@compute @workgroup_size(WORKGROUP)
fn rescale(id: Invocation) {
  let by = factor[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { x[i] *= by; }
}

@compute @workgroup_size(WORKGROUP)
fn limit_values(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    x[i] = clamp(x[i], vec4f(-params.limit), vec4f(params.limit));
  }
}
