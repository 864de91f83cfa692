// Lion (Chen et al. 2023) over one flat tensor of weights, as Keras computes it.
//   w −= rate·sign(β1·m + (1 − β1)·g)    m ← β2·m + (1 − β2)·g
//   w, dw, m: flat, the same size

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,          // vec4 words in w
  stride: u32,           // from one word of an invocation to its next
  beta1: f32,
  beta2: f32,
  one_minus_beta1: f32,  // computed in float64: 1 − β loses digits in float32
  one_minus_beta2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dw: array<vec4f>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn update(id: Invocation) {
  let rate = learning_rate[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    let g = dw[i];
    let old = m[i];
    w[i] -= rate * sign(old * params.beta1 + g * params.one_minus_beta1);
    m[i] = old * params.beta2 + g * params.one_minus_beta2;
  }
}
