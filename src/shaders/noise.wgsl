// Noise on every element, while training. It is not stored but computed anew from (element, step, stream, seed).
//   add:       y = x + σ · n                     n normal
//   multiply:  y = x · (1 + σ · n)               of dy, too
//   alpha:     y = scale · x + shift where it is kept, else dropped       of dy, with shift = dropped = 0
//   spatial:   y = x · scale where (example, channel) is kept, else 0     of dy, too
//   x, y: any shape, the same; of spatial (N, S, C)     clock: element 0 counts the steps

//#include "lib/invocation.wgsl"
//#include "lib/random.wgsl"
//#include "lib/turns.wgsl"
//#include "lib/normal.wgsl"

struct Params {
  count: u32,     // vec4 words in x and y; of spatial, elements
  stream: u32,
  seed: u32,
  level: f32,     // σ, or the rate
  scale: f32,
  shift: f32,
  dropped: f32,
  places: u32,    // S
  channels: u32,  // C
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> scalars: array<f32>;
@group(0) @binding(5) var<storage, read_write> written: array<f32>;

fn counter(index: u32) -> vec4u {
  return vec4u(index, clock[0], params.stream, params.seed);
}

@compute @workgroup_size(WORKGROUP)
fn add(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.count) { return; }
  y[i] = x[i] + params.level * normals(counter(i));
}

@compute @workgroup_size(WORKGROUP)
fn multiply(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.count) { return; }
  y[i] = x[i] * (1.0 + params.level * normals(counter(i)));
}

@compute @workgroup_size(WORKGROUP)
fn alpha(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.count) { return; }
  let kept = uniforms(counter(i)) >= vec4f(params.level);
  y[i] = select(vec4f(params.dropped), x[i] * params.scale + params.shift, kept);
}

@compute @workgroup_size(WORKGROUP)
fn spatial(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.count) { return; }
  let map = i / (params.places * params.channels) * params.channels + i % params.channels;
  let isKept = uniforms(counter(map / 4u))[map & 3u] >= params.level;
  written[i] = select(0.0, scalars[i] * params.scale, isKept);
}
