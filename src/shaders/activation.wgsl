// Activations, element by element; the derivatives are written in terms of the output.
//   y = relu(x), tanh(x), sigmoid(x)     dx = dy · y'
//   x, y, dy, dx: any shape, the same
// Limits are taken by comparison and never by min, max or clamp, which may swallow a NaN that should be seen.

struct Params {
  vectors: u32,  // vec4 words in each tensor
  stride: u32,   // from one word of an invocation to its next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> output: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;

// The first word of an invocation; none for excess ones.
fn first_of(wg: vec3u, groups: vec3u, local: u32) -> u32 {
  let index = (wg.y * groups.x + wg.x) * 64u + local;
  return select(index, params.vectors, index >= params.stride);
}

// The rational approximation of Eigen (and so of TensorFlow), within some ulp everywhere; the built-in tanh may be
// inaccurate near 0 and may overflow to NaN far from it.
fn rational_tanh(value: vec4f) -> vec4f {
  let limit = vec4f(7.90531110763549805);
  let v = select(select(value, limit, value > limit), -limit, value < -limit);
  let s = v * v;
  var p = s * -2.76076847742355e-16 + 2.00018790482477e-13;
  p = s * p - 8.60467152213735e-11;
  p = s * p + 5.12229709037114e-08;
  p = s * p + 1.48572235717979e-05;
  p = s * p + 6.37261928875436e-04;
  p = s * p + 4.89352455891786e-03;
  var q = s * 1.19825839466702e-06 + 1.18534705686654e-04;
  q = s * q + 2.26843463243900e-03;
  q = s * q + 4.89352518554385e-03;
  return select(v * p / q, value, abs(value) < vec4f(0.0004));
}

@compute @workgroup_size(64)
fn relu_forward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = first_of(wg, groups, local); i < params.vectors; i += params.stride) {
    y[i] = select(x[i], vec4f(0.0), x[i] < vec4f(0.0));
  }
}

@compute @workgroup_size(64)
fn tanh_forward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = first_of(wg, groups, local); i < params.vectors; i += params.stride) {
    y[i] = rational_tanh(x[i]);
  }
}

@compute @workgroup_size(64)
fn sigmoid_forward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = first_of(wg, groups, local); i < params.vectors; i += params.stride) {
    // Only powers of at most 1, so nothing overflows.
    let power = exp(-abs(x[i]));
    y[i] = select(vec4f(1.0), power, x[i] < vec4f(0.0)) / (1.0 + power);
  }
}

@compute @workgroup_size(64)
fn relu_backward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = first_of(wg, groups, local); i < params.vectors; i += params.stride) {
    dx[i] = select(vec4f(0.0), dy[i], output[i] > vec4f(0.0));
  }
}

@compute @workgroup_size(64)
fn tanh_backward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = first_of(wg, groups, local); i < params.vectors; i += params.stride) {
    dx[i] = dy[i] * (1.0 - output[i] * output[i]);
  }
}

@compute @workgroup_size(64)
fn sigmoid_backward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = first_of(wg, groups, local); i < params.vectors; i += params.stride) {
    dx[i] = dy[i] * output[i] * (1.0 - output[i]);
  }
}
