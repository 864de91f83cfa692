// The exponential moving average of weights, as Keras 3 keeps it: after the first step it is the weights themselves.
//   average = m · average + (1 − m) · w     m = momentum, after the first step 0
//   w, average: flat   state[place]: 1 in the first step, else 2

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in w
  stride: u32,   // from one word of an invocation to its next
  momentum: f32,
  place: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> next_state: array<f32>;

@compute @workgroup_size(1)
fn advance() {
  next_state[params.place] = min(next_state[params.place] + 1.0, 2.0);
}

@compute @workgroup_size(WORKGROUP)
fn update(id: Invocation) {
  let momentum = select(0.0, params.momentum, state[params.place] > 1.0);
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    average[i] = momentum * average[i] + (1.0 - momentum) * w[i];
  }
}
