// The scale of a loss whose gradients are stored as f16, with the rules of Keras's LossScaleOptimizer.
//   divide: dw ← dw / scale
//   advance, where all gradients were finite: every `growth_steps` such steps in a row, scale ← 2 · scale
//            where one was not: scale ← scale / 2, and the step is left out
//   dw: flat    counts (non-finite gradients of the step, finite steps in a row, steps left out)    skip (1): 1 to leave it out

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,       // vec4 words in dw
  stride: u32,        // from one word of an invocation to its next
  growth_steps: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> next_scale: array<f32>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;
@group(0) @binding(5) var<storage, read_write> skip: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn divide(id: Invocation) {
  let by = scale[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { dw[i] /= by; }
}

@compute @workgroup_size(1)
fn advance() {
  let is_finite = counts[0] == 0u;
  let in_a_row = select(0u, counts[1] + 1u, is_finite);
  let grows = in_a_row == params.growth_steps;
  next_scale[0] *= select(0.5, select(1.0, 2.0, grows), is_finite);
  counts[0] = 0u;
  counts[1] = select(in_a_row, 0u, grows);
  counts[2] += select(1u, 0u, is_finite);
  skip[0] = select(1u, 0u, is_finite);
}
