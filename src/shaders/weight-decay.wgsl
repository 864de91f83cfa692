// Weight decay apart from the gradient (Loshchilov and Hutter 2019), as Keras computes it, before the optimiser's step.
//   w −= w·decay·rate
//   w: flat

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in w
  stride: u32,   // from one word of an invocation to its next
  decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn decay(id: Invocation) {
  let share = params.decay * learning_rate[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { w[i] -= w[i] * share; }
}
