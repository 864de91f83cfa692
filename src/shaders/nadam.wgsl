// Nadam (Dozat 2016) over one flat tensor of weights, with Keras 3's formula: Adam that looks ahead along its momentum.
//   u_t = β1·(1 − ½·0.96^t)    P_t = u_1·…·u_t
//   m += (g − m)·(1 − β1)    v += (g² − v)·(1 − β2)
//   w −= rate·(u_{t+1}·m / (1 − P_t·u_{t+1}) + (1 − u_t)·g / (1 − P_t)) / (sqrt(v / (1 − β2^t)) + ε)
//   w, dw, m, v: flat, the same size    state (1 − 0.96^t, 1 − P_t, 1 − β2^t, u_t)

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,          // vec4 words in w
  stride: u32,           // from one word of an invocation to its next
  beta1: f32,
  beta2: f32,
  one_minus_beta1: f32,  // computed in float64: 1 − β loses digits in float32
  one_minus_beta2: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dw: array<vec4f>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read> state: array<f32>;
@group(0) @binding(4) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> next_state: array<f32>;

// Of c = 1 − 0.96^t: u_t = β1·(½ + ½·c).
fn momentum_at(c: f32) -> f32 {
  return params.beta1 * (0.5 + 0.5 * c);
}

// Complements follow c ← c·u + (1 − u), which keeps the digits that 1 − P cancels.
@compute @workgroup_size(1)
fn advance() {
  let decay = next_state[0] * 0.96 + 0.04;
  let u = momentum_at(decay);
  next_state[0] = decay;
  next_state[1] = next_state[1] * u + (1.0 - u);
  next_state[2] = next_state[2] * params.beta2 + params.one_minus_beta2;
  next_state[3] = u;
}

@compute @workgroup_size(WORKGROUP)
fn update(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  let ahead = momentum_at(state[0] * 0.96 + 0.04);
  let moment_scale = ahead / (state[1] * ahead + (1.0 - ahead));
  let gradient_scale = (1.0 - state[3]) / state[1];
  let root_scale = sqrt(state[2]);
  let rate = learning_rate[0];
  for (var i = first; i < params.vectors; i += params.stride) {
    let g = dw[i];
    let m_old = m[i];
    let v_old = v[i];
    let m_new = m_old + (g - m_old) * params.one_minus_beta1;
    let v_new = v_old + (g * g - v_old) * params.one_minus_beta2;
    m[i] = m_new;
    v[i] = v_new;
    let step = moment_scale * m_new + gradient_scale * g;
    w[i] -= rate * step / (sqrt(v_new) / root_scale + params.epsilon);
  }
}
