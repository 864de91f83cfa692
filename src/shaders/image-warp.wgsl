// Each image of a batch flipped, moved, turned and zoomed at random, in one pass.
//   y[p] = x at q, q = flip(c + turn · zoom · (p − c) − shift), c the middle of the image
//   What every image draws: uniform numbers of the counters 2n and 2n + 1, see ops/image-warp.ts.
//   x, y (N,H,W,C)     clock: element 0 counts the steps

//#include "lib/invocation.wgsl"
//#include "lib/random.wgsl"
//#include "lib/turns.wgsl"

struct Params {
  rows: u32,         // N · H
  height: u32,
  width: u32,
  channels: u32,
  stream: u32,
  seed: u32,
  flips: u32,        // 1: left to right, 2: upside down, 4: both of one draw
  turn_low: f32,     // turns
  turn_high: f32,
  down_low: f32,     // pixels
  down_high: f32,
  across_low: f32,
  across_high: f32,
  tall_low: f32,     // pixels of x for one of y
  tall_high: f32,
  wide_low: f32,
  wide_high: f32,
  square: u32,       // 1: as wide as tall
  nearest: u32,      // 1: the nearest pixel instead of bilinear
  fill: u32,         // 0 constant, 1 nearest, 2 reflect, 3 wrap
  fill_value: f32,
}

const CONSTANT: u32 = 0u;
const NEAREST: u32 = 1u;
const REFLECT: u32 = 2u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn modulo(value: i32, by: i32) -> i32 {
  return (value % by + by) % by;
}

// Where a place beyond the edges is taken from; −1 where from nowhere.
fn within(place: i32, extent: i32) -> i32 {
  if (place >= 0 && place < extent) { return place; }
  if (params.fill == CONSTANT) { return -1; }
  if (params.fill == NEAREST) { return clamp(place, 0, extent - 1); }
  if (params.fill == REFLECT) {
    let folded = modulo(place, 2 * extent);
    return min(folded, 2 * extent - 1 - folded);
  }
  return modulo(place, extent);
}

fn pixel(image: u32, row: i32, column: i32, channel: u32) -> f32 {
  let r = within(row, i32(params.height));
  let q = within(column, i32(params.width));
  if (r < 0 || q < 0) { return params.fill_value; }
  return x[((image * params.height + u32(r)) * params.width + u32(q)) * params.channels + channel];
}

// What an image draws.
struct Change {
  shift: vec2f,         // (down, across), as all pairs here
  zoom: vec2f,
  turn: vec2f,          // cosine, sine
  flips: vec2<bool>,
}

fn change_of(image: u32) -> Change {
  let a = uniforms(vec4u(2u * image, clock[0], params.stream, params.seed));
  let b = uniforms(vec4u(2u * image + 1u, clock[0], params.stream, params.seed));
  let tall = between(params.tall_low, params.tall_high, b.y);
  let wide = select(between(params.wide_low, params.wide_high, b.z), tall, params.square == 1u);
  let shift = vec2f(
    between(params.down_low, params.down_high, a.w),
    between(params.across_low, params.across_high, b.x),
  );
  let down = select(a.y, a.x, (params.flips & 4u) != 0u);
  let flips = vec2<bool>((params.flips & 2u) != 0u && down <= 0.5, (params.flips & 1u) != 0u && a.x <= 0.5);
  return Change(shift, vec2f(tall, wide), cos_sin(between(params.turn_low, params.turn_high, a.z)), flips);
}

// The place in x of a place in y.
fn source_of(change: Change, place: vec2f) -> vec2f {
  let last = vec2f(f32(params.height), f32(params.width)) - 1.0;
  let middle = last * 0.5;
  let zoomed = (place - middle) * change.zoom;
  let turn = change.turn;
  let turned = vec2f(turn.y * zoomed.y + turn.x * zoomed.x, turn.x * zoomed.y - turn.y * zoomed.x);
  let at = middle + turned - change.shift;
  return select(at, last - at, change.flips);
}

// An invocation takes a row of an image: what the image draws is worked out once for it.
@compute @workgroup_size(WORKGROUP)
fn warp(id: Invocation) {
  let line = linear_index(id);
  if (line >= params.rows) { return; }
  let image = line / params.height;
  let change = change_of(image);
  for (var column = 0u; column < params.width; column++) {
    let at = source_of(change, vec2f(f32(line % params.height), f32(column)));
    let start = (line * params.width + column) * params.channels;
    if (params.nearest == 1u) {
      let near = vec2i(round(at));
      for (var c = 0u; c < params.channels; c++) { y[start + c] = pixel(image, near.x, near.y, c); }
      continue;
    }
    let first = floor(at);
    let share = at - first;
    let r = i32(first.x);
    let q = i32(first.y);
    for (var c = 0u; c < params.channels; c++) {
      let upper = pixel(image, r, q, c) * (1.0 - share.y) + pixel(image, r, q + 1, c) * share.y;
      let lower = pixel(image, r + 1, q, c) * (1.0 - share.y) + pixel(image, r + 1, q + 1, c) * share.y;
      y[start + c] = upper * (1.0 - share.x) + lower * share.x;
    }
  }
}
