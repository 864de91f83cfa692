// RMSprop over one flat tensor of weights, with Keras 3's formula: epsilon under the root.
//   v ← ρ·v + (1 − ρ)·g²    centred: a ← ρ·a + (1 − ρ)·g, d = v − a², else d = v
//   step = rate·g / sqrt(d + ε)    momentum μ: m ← μ·m + step, w −= m, else w −= step
//   w, dw, v, a, m: flat, the same size

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,        // vec4 words in w
  stride: u32,         // from one word of an invocation to its next
  rho: f32,
  one_minus_rho: f32,  // computed in float64: 1 − ρ loses digits in float32
  momentum: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dw: array<vec4f>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> a: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn update(id: Invocation) {
  let rate = learning_rate[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    let g = dw[i];
    let v_new = params.rho * v[i] + params.one_minus_rho * (g * g);
    v[i] = v_new;
//#if ${CENTERED}
    let a_new = params.rho * a[i] + params.one_minus_rho * g;
    a[i] = a_new;
    // Rounding may bring the variance below zero, where the root is no number.
    let spread = max(v_new - a_new * a_new, vec4f(0.0));
//#else
    let spread = v_new;
//#endif
    let step = rate * g / sqrt(spread + params.epsilon);
//#if ${MOMENTUM}
    let velocity = params.momentum * m[i] + step;
    m[i] = velocity;
    w[i] -= velocity;
//#else
    w[i] -= step;
//#endif
  }
}
