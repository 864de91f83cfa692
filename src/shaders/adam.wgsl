// Adam over one flat tensor of weights, with Keras's formula: epsilon is added to the uncorrected sqrt(v).
//   m += (g − m)·(1 − β1)    v += (g² − v)·(1 − β2)    w −= m·α / (sqrt(v) + ε)
//   α = learning_rate · sqrt(1 − β2^t) / (1 − β1^t)
//   w, dw, m, v: flat, the same size    corrections (1 − β1^t, 1 − β2^t)

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,          // vec4 words in w
  stride: u32,           // from one word of an invocation to its next
  beta1: f32,
  beta2: f32,
  one_minus_beta1: f32,  // computed in float64: 1 − β loses digits in float32
  one_minus_beta2: f32,
  epsilon: f32,
  //#if ${CLOCK}
  batch: u32,
  //#endif
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dw: array<vec4f>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read> corrections: array<f32>;
@group(0) @binding(4) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> next_corrections: array<f32>;
@group(0) @binding(8) var<storage, read_write> next_clock: array<u32>;

// CLOCK: ends the step besides, as gather.wgsl's advance does, for whatever reads the clock has done so by now.
// c = 1 − β^t follows c ← c·β + (1 − β), which keeps the digits that 1 − pow(β, t) cancels.
@compute @workgroup_size(1)
fn advance() {
  next_corrections[0] = next_corrections[0] * params.beta1 + params.one_minus_beta1;
  next_corrections[1] = next_corrections[1] * params.beta2 + params.one_minus_beta2;
  //#if ${CLOCK}
  next_clock[0] += 1u;
  next_clock[1] += params.batch;
  //#endif
}

@compute @workgroup_size(WORKGROUP)
fn update(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  let alpha = learning_rate[0] * sqrt(corrections[1]) / corrections[0];
  for (var i = first; i < params.vectors; i += params.stride) {
    let g = dw[i];
    let m_old = m[i];
    let v_old = v[i];
    let m_new = m_old + (g - m_old) * params.one_minus_beta1;
    let v_new = v_old + (g * g - v_old) * params.one_minus_beta2;
    m[i] = m_new;
    v[i] = v_new;
    w[i] -= m_new * alpha / (sqrt(v_new) + params.epsilon);
  }
}
