// Each image of a batch lighter or darker, with more or less contrast, or with a rectangle covered, at random.
//   contrast: y = clip((x − mean[n, c]) · f + mean[n, c])     brighten: y = clip(x + d)
//   erase:    y = fill within the rectangle where it is drawn, x elsewhere
//   What every image draws: uniform numbers of the counters 2n and 2n + 1, see ops/image-tone.ts.
//   x, y (N, S, C), S places     clock: element 0 counts the steps

//#include "lib/invocation.wgsl"
//#include "lib/random.wgsl"
//#include "lib/turns.wgsl"
//#include "lib/normal.wgsl"
//#include "lib/lane-sum.wgsl"

struct Params {
  elements: u32,
  height: u32,
  width: u32,
  channels: u32,
  stream: u32,
  seed: u32,
  low: f32,         // the range that f, d or the share of images that are covered is drawn from
  high: f32,
  least: f32,       // clip
  most: f32,
  area_low: f32,    // erase: share of the image
  area_high: f32,
  noise: u32,       // 1: erase by normal numbers times most
  fill_0: f32,      // by channel
  fill_1: f32,
  fill_2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn drawn(index: u32) -> vec4f {
  return uniforms(vec4u(index, clock[0], params.stream, params.seed));
}

// A workgroup takes a channel of an image.
@compute @workgroup_size(64)
fn contrast(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let places = params.height * params.width;
  let group = wg.y * groups.x + wg.x;
  let start = group / params.channels * places * params.channels + group % params.channels;
  let exists = start < params.elements;
  var sum = 0.0;
  if (exists) {
    for (var s = local; s < places; s += WORKGROUP) { sum += x[start + s * params.channels]; }
  }
  let mean = sum_over(WORKGROUP, sum, local) / f32(places);
  if (!exists) { return; }
  let factor = between(params.low, params.high, drawn(2u * (group / params.channels)).x);
  for (var s = local; s < places; s += WORKGROUP) {
    let at = start + s * params.channels;
    y[at] = clamp((x[at] - mean) * factor + mean, params.least, params.most);
  }
}

@compute @workgroup_size(WORKGROUP)
fn brighten(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let image = i / (params.height * params.width * params.channels);
  let delta = between(params.low, params.high, drawn(2u * image).x) * (params.most - params.least);
  y[i] = clamp(x[i] + delta, params.least, params.most);
}

// An invocation takes a row of an image: what the image draws is worked out once for it.
@compute @workgroup_size(WORKGROUP)
fn erase(id: Invocation) {
  let line = linear_index(id);
  let across = params.width * params.channels;
  if (line * across >= params.elements) { return; }
  let a = drawn(2u * (line / params.height));
  let b = drawn(2u * (line / params.height) + 1u);
  let extent = vec2f(f32(params.width), f32(params.height));
  let size = sqrt(vec2f(
    between(params.area_low, params.area_high, a.x),
    between(params.area_low, params.area_high, a.y),
  )) * extent;
  let start = a.zw * (extent - size);
  let is_covered = b.y < between(params.low, params.high, b.x);
  for (var k = 0u; k < across; k++) {
    let i = line * across + k;
    let at = vec2f(f32(k / params.channels), f32(line % params.height));
    if (is_covered && all(at >= start) && all(at < start + size)) {
      y[i] = clamp(fill_at(i, k % params.channels), params.least, params.most);
    } else {
      y[i] = x[i];
    }
  }
}

fn fill_at(i: u32, channel: u32) -> f32 {
  if (params.noise == 1u) {
    // Beyond the counters of the images.
    let words = normals(vec4u(0x80000000u + i / 4u, clock[0], params.stream, params.seed));
    return words[i & 3u] * params.most;
  }
  return select(select(params.fill_2, params.fill_1, channel == 1u), params.fill_0, channel == 0u);
}
