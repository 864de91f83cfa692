// Images to another size, from the middles of their pixels.
//   bilinear: y[h', w'] lies at h = (h' + ½) · H / OH − ½ between two rows (of the edge, beyond it), and so across
//   NEAREST: the pixel that (h' + ½) · H / OH falls into, and so across
//   CORNERS: from the corners of the pixels, without the halves
//   x, dx (N,H,W,C)   y, dy (N,OH,OW,C)

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,  // of what is written
  h: u32,
  w: u32,
  oh: u32,
  ow: u32,
  c: u32,
  down: f32,      // H / OH
  across: f32,    // W / OW
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

// Two neighbours of a row or column of y in x, and the share of the second.
struct Neighbours {
  first: u32,
  second: u32,
  share: f32,
}

//#if ${CORNERS}
const MIDDLE = 0.0;
//#else
const MIDDLE = 0.5;
//#endif

fn neighbours(place: u32, ratio: f32, extent: u32) -> Neighbours {
//#if ${NEAREST}
  let nearest = min(u32((f32(place) + MIDDLE) * ratio), extent - 1u);
  return Neighbours(nearest, nearest, 0.0);
//#else
  let at = (f32(place) + MIDDLE) * ratio - MIDDLE;
  let below = floor(at);
  let last = i32(extent) - 1;
  let first = clamp(i32(below), 0, last);
  let second = clamp(i32(below) + 1, 0, last);
  return Neighbours(u32(first), u32(second), at - below);
//#endif
}

// How much of place `source` of x is in `place` of y.
fn share_of(source: u32, place: u32, ratio: f32, extent: u32) -> f32 {
  let near = neighbours(place, ratio, extent);
  return select(0.0, 1.0 - near.share, near.first == source) + select(0.0, near.share, near.second == source);
}

// The places of y that may have taken place `source` of x: from the first to before the second; beyond the edges all.
fn takers(source: u32, ratio: f32, extent: u32, out: u32) -> vec2u {
  let low = (f32(source) - 1.0) / ratio - 1.5;
  let high = (f32(source) + 2.0) / ratio + 1.5;
  let first = select(u32(max(low, 0.0)), 0u, source == 0u);
  let end = select(min(u32(max(high, 0.0)) + 1u, out), out, source + 1u == extent);
  return vec2u(first, end);
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let c = i % params.c;
  let pixel = i / params.c;
  let row = pixel / params.ow;
  let down = neighbours(row % params.oh, params.down, params.h);
  let across = neighbours(pixel % params.ow, params.across, params.w);
  let image = row / params.oh * params.h;
  let top = (image + down.first) * params.w;
  let bottom = (image + down.second) * params.w;
  let upper = mix(x[(top + across.first) * params.c + c], x[(top + across.second) * params.c + c], across.share);
  let lower = mix(x[(bottom + across.first) * params.c + c], x[(bottom + across.second) * params.c + c], across.share);
  y[i] = mix(upper, lower, down.share);
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let c = i % params.c;
  let pixel = i / params.c;
  let column = pixel % params.w;
  let line = pixel / params.w;
  let row = line % params.h;
  let rows = takers(row, params.down, params.h, params.oh);
  let columns = takers(column, params.across, params.w, params.ow);
  var sum = 0.0;
  for (var r = rows.x; r < rows.y; r++) {
    let down = share_of(row, r, params.down, params.h);
    if (down == 0.0) { continue; }
    let start = (line / params.h * params.oh + r) * params.ow;
    for (var q = columns.x; q < columns.y; q++) {
      let across = share_of(column, q, params.across, params.w);
      if (across != 0.0) { sum += down * across * dy[(start + q) * params.c + c]; }
    }
  }
  dx[i] = sum;
}
