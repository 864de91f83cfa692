// Stochastic gradient descent over one flat tensor of weights, with Keras's momentum: the learning rate is a part of the
// velocity m (PyTorch multiplies it in later, which differs once the rate changes).
//   plain: w −= rate·g     momentum μ: m ← μ·m − rate·g, w += m     Nesterov: w += μ·m − rate·g with the new m
//   w, dw, m: flat, the same size

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in w
  stride: u32,   // from one word of an invocation to its next
  momentum: f32,
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
    let step = rate * dw[i];
//#if ${MOMENTUM}
    let velocity = params.momentum * m[i] - step;
    m[i] = velocity;
//#if ${NESTEROV}
    w[i] += params.momentum * velocity - step;
//#else
    w[i] += velocity;
//#endif
//#else
    w[i] -= step;
//#endif
  }
}
