// Mixes each row of a batch with another row of it, at random; see ops/mixup.ts for what is drawn.
//   draw:    pairs[n] = (λ, p(n))                    λ from Beta(α, α), p a permutation of the batch
//   blend:   y[n, …] = λ · x[n, …] + (1 − λ) · x[p(n), …]
//   x, y (N, elements)   pairs (N, 2): the partner as a number, exact below 2^24   clock: element 0 counts the steps

//#include "lib/invocation.wgsl"
//#include "lib/random.wgsl"

struct Params {
  batch: u32,
  elements: u32,  // of a row
  stream: u32,
  seed: u32,
  exponent: f32,  // 1 / α
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> mixed: array<f32>;
@group(0) @binding(4) var<storage, read_write> pairs: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// Beyond the counters of the rows' keys.
const FIRST_TRY: u32 = 0x20000000u;
const HASHES: u32 = 16u;  // two tries each

fn drawn(counter: u32) -> vec4f {
  return uniforms(vec4u(counter, clock[0], params.stream, params.seed));
}

// X / (X + Y) of the powers X and Y whose logarithms these are.
fn share_of(powers: vec2f) -> f32 {
  return 1.0 / (1.0 + exp(clamp(powers.y - powers.x, -80.0, 80.0)));
}

fn share(n: u32) -> f32 {
  for (var i = 0u; i < HASHES; i++) {
    let powers = log(1.0 - drawn(FIRST_TRY + n * HASHES + i)) * params.exponent;
    let sizes = exp(powers);
    if (sizes.x + sizes.y <= 1.0) { return share_of(powers.xy); }
    if (sizes.z + sizes.w <= 1.0) { return share_of(powers.zw); }
  }
  return 1.0;
}

@compute @workgroup_size(64)
fn draw(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.batch) { return; }
  let own = drawn(n / 4u)[n & 3u];
  var place = 0u;
  for (var block = 0u; block * 4u < params.batch; block++) {
    let keys = drawn(block);
    for (var k = 0u; k < 4u; k++) {
      let m = block * 4u + k;
      let is_before = keys[k] < own || (keys[k] == own && m < n);
      if (m < params.batch && is_before) { place++; }
    }
  }
  pairs[2u * n] = share(n);
  pairs[2u * n + 1u] = f32(place);
}

@compute @workgroup_size(WORKGROUP)
fn blend(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.batch * params.elements) { return; }
  let n = i / params.elements;
  let own = mixed[2u * n];
  let other = u32(mixed[2u * n + 1u]) * params.elements + i % params.elements;
  y[i] = own * x[i] + (1.0 - own) * x[other];
}
