// Adagrad (Duchi et al. 2011) over one flat tensor of weights, with Keras 3's formula: epsilon under the root.
//   s ← s + g²    w −= rate·g / sqrt(initial + s + ε)
//   w, dw, s: flat, the same size; s begins at zero, because every slot does, so the initial accumulator is added here

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in w
  stride: u32,   // from one word of an invocation to its next
  initial: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dw: array<vec4f>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> s: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn update(id: Invocation) {
  let rate = learning_rate[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    let g = dw[i];
    let sum = s[i] + g * g;
    s[i] = sum;
    w[i] -= rate * g / sqrt(params.initial + sum + params.epsilon);
  }
}
