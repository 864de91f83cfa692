// Max pooling over windows of images, or with AVERAGE average pooling, forward and backward. An invocation takes four channels, two or one,
// as many as divide C, and a strip of rows: software adapters pay more for an invocation than for what a pool computes.
// Backward comes twice: by tiles, where windows do not overlap, writing the cells from one window to the next; and by
// cells, each gathering from every window that covers it. Neither needs atomics.
//   x, dx (N,H,W,C)   y, dy (N,OH,OW,C)
// SLOPED: x is the result of RELU, TANH or SIGMOID, and dx has the slope of that in it.

//#include "lib/invocation.wgsl"
//#include "lib/lanes.wgsl"
//#include "lib/activate.wgsl"

const POOL_HEIGHT: u32 = 2u;
const POOL_WIDTH: u32 = 2u;
const STRIDE_HEIGHT: u32 = 2u;
const STRIDE_WIDTH: u32 = 2u;

struct Params {
  images: u32,    // N
  height: u32,    // H
  width: u32,     // W
  channels: u32,  // C in units of Lanes
  out_height: u32,
  out_width: u32,
  before_height: u32,  // padding
  before_width: u32,
  rows: u32,      // of what the grid covers: y, tiles or dx
  columns: u32,
  strip: u32,     // rows that an invocation takes
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(3) var<storage, read> dy: array<Lanes>;
@group(0) @binding(4) var<storage, read_write> dx: array<Lanes>;

/// The elements that an invocation takes: rows row0 ≤ row < row1 of one column, image and channel.
struct Strip {
  row0: u32,
  row1: u32,
  column: u32,
  n: u32,
  c: u32,
}

fn strip_of(id: Invocation) -> Strip {
  let i = linear_index(id);
  let strips = (params.rows + params.strip - 1u) / params.strip;
  let column = i / params.channels;
  let s = column / params.columns;
  let n = s / strips;
  let row0 = (s - n * strips) * params.strip;
  return Strip(
    row0,
    select(0u, min(row0 + params.strip, params.rows), n < params.images),
    column - s * params.columns,
    n,
    i - column * params.channels,
  );
}

/// Row and column, in the image, of the first cell of a window; wraps below zero in the padding.
fn corner_of(oh: u32, ow: u32) -> vec2u {
  return vec2u(oh * STRIDE_HEIGHT - params.before_height, ow * STRIDE_WIDTH - params.before_width);
}

fn cell_index(at: Strip, h: u32, w: u32) -> u32 {
  return ((at.n * params.height + h) * params.width + w) * params.channels + at.c;
}

fn window_index(at: Strip, oh: u32, ow: u32) -> u32 {
  return ((at.n * params.out_height + oh) * params.out_width + ow) * params.channels + at.c;
}

fn set_dx(index: u32, gradient: Lanes) {
//#if ${SLOPED}
  dx[index] = backpropagate(gradient, x[index]);
//#else
  dx[index] = gradient;
//#endif
}

/// Is the cell one of the image? Wrapped cells are not.
fn exists(h: u32, w: u32) -> bool {
//#if ${RIM}
  return h < params.height && w < params.width;
//#else
  return true;
//#endif
}

//#if ${AVERAGE}
/// The mean of those cells of a window that are not padding.
fn pooled(at: Strip, oh: u32, ow: u32) -> Lanes {
  let corner = corner_of(oh, ow);
  var sum = Lanes(0);
  for (var kh = 0u; kh < POOL_HEIGHT; kh++) {
    for (var kw = 0u; kw < POOL_WIDTH; kw++) {
      let h = corner.x + kh;
      let w = corner.y + kw;
      sum += select(Lanes(0), x[cell_index(at, h, w)], exists(h, w));
    }
  }
  return sum / area_of(oh, ow);
}

/// How many cells of a window are not padding.
fn area_of(oh: u32, ow: u32) -> f32 {
//#if ${RIM}
  let pool = vec2u(POOL_HEIGHT, POOL_WIDTH);
  let before = vec2u(params.before_height, params.before_width);
  let start = vec2u(oh * STRIDE_HEIGHT, ow * STRIDE_WIDTH);
  let end = min(start + pool, vec2u(params.height, params.width) + before);
  let size = end - max(start, before);
  return f32(size.x * size.y);
//#else
  return f32(POOL_HEIGHT * POOL_WIDTH);
//#endif
}

/// How a window's gradient is dealt out: to each of its cells alike.
alias Deal = Lanes;

fn deal(at: Strip, oh: u32, ow: u32) -> Deal {
  return dy[window_index(at, oh, ow)] / area_of(oh, ow);
}

fn part_of(dealt: Deal, kh: u32, kw: u32) -> Lanes {
  return dealt;
}
//#else
struct Greatest {
  value: Lanes,  // NaN where one of the window is
  place: Bits,   // kh · POOL_WIDTH + kw of the first of the greatest, in row-major order
}

fn greatest_of(at: Strip, oh: u32, ow: u32) -> Greatest {
  let corner = corner_of(oh, ow);
  let first = first_of(corner);
  var value = x[cell_index(at, corner.x + first.x, corner.y + first.y)];
  var place = Bits(i32(first.x * POOL_WIDTH + first.y));
  var magnitude = Bits(0);
  for (var kh = 0u; kh < POOL_HEIGHT; kh++) {
    for (var kw = 0u; kw < POOL_WIDTH; kw++) {
      let h = corner.x + kh;
      let w = corner.y + kw;
      let cell = select(value, x[cell_index(at, h, w)], exists(h, w));
      place = select(place, Bits(i32(kh * POOL_WIDTH + kw)), cell > value);
      value = max(value, cell);
      magnitude = max(magnitude, magnitude_of(cell));
    }
  }
  return Greatest(or_nan(value, bitcast<Lanes>(magnitude)), place);
}

/// The first cell of a window that is not padding, counted from its corner.
fn first_of(corner: vec2u) -> vec2u {
//#if ${RIM}
  return select(vec2u(0), vec2u(0) - corner, corner > vec2u(0x7fffffffu));
//#else
  return vec2u(0);
//#endif
}

fn pooled(at: Strip, oh: u32, ow: u32) -> Lanes {
  return greatest_of(at, oh, ow).value;
}

/// How a window's gradient is dealt out: all of it to the first of the greatest cells. Where one is NaN, no cell is the
/// greatest, and each gets NaN.
struct Deal {
  place: Bits,
  there: Lanes,
  elsewhere: Lanes,
}

fn deal(at: Strip, oh: u32, ow: u32) -> Deal {
  let greatest = greatest_of(at, oh, ow);
  let gradient = dy[window_index(at, oh, ow)];
  return Deal(
    greatest.place,
    or_nan(gradient, greatest.value),
    or_nan(Lanes(0), greatest.value),
  );
}

fn part_of(dealt: Deal, kh: u32, kw: u32) -> Lanes {
  return select(dealt.elsewhere, dealt.there, dealt.place == Bits(i32(kh * POOL_WIDTH + kw)));
}
//#endif

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let at = strip_of(id);
  for (var oh = at.row0; oh < at.row1; oh++) {
    y[window_index(at, oh, at.column)] = pooled(at, oh, at.column);
  }
}

/// Tile (oh, ow) holds the cells from the corner of window (oh, ow) to those of the next; the last tiles may have none.
@compute @workgroup_size(WORKGROUP)
fn backward_tiles(id: Invocation) {
  let at = strip_of(id);
  for (var oh = at.row0; oh < at.row1; oh++) {
    let corner = corner_of(oh, at.column);
    let dealt = deal(at, oh, at.column);
    let has_window = is_window(oh, at.column);
    for (var kh = 0u; kh < STRIDE_HEIGHT; kh++) {
      for (var kw = 0u; kw < STRIDE_WIDTH; kw++) {
        let h = corner.x + kh;
        let w = corner.y + kw;
        let covered = has_window && kh < POOL_HEIGHT && kw < POOL_WIDTH;
        if (exists(h, w)) {
          set_dx(cell_index(at, h, w), select(Lanes(0), part_of(dealt, kh, kw), covered));
        }
      }
    }
  }
}

/// Whether a tile has a window.
fn is_window(oh: u32, ow: u32) -> bool {
//#if ${RIM}
  return oh < params.out_height && ow < params.out_width;
//#else
  return true;
//#endif
}

@compute @workgroup_size(WORKGROUP)
fn backward_cells(id: Invocation) {
  let at = strip_of(id);
  for (var h = at.row0; h < at.row1; h++) {
    let windows = windows_of(h, at.column);
    var sum = Lanes(0);
    for (var oh = windows.x; oh < windows.y; oh++) {
      for (var ow = windows.z; ow < windows.w; ow++) {
        let from_corner = vec2u(h, at.column) - corner_of(oh, ow);
        sum += part_of(deal(at, oh, ow), from_corner.x, from_corner.y);
      }
    }
    set_dx(cell_index(at, h, at.column), sum);
  }
}

/// The windows that cover a cell: x ≤ oh < y, z ≤ ow < w.
fn windows_of(h: u32, w: u32) -> vec4u {
  let stride = vec2u(STRIDE_HEIGHT, STRIDE_WIDTH);
  let pool = vec2u(POOL_HEIGHT, POOL_WIDTH);
  let cell = vec2u(h + params.before_height, w + params.before_width);
  let first = (max(cell + stride, pool) - pool) / stride;
  let end = min(cell / stride + 1u, vec2u(params.out_height, params.out_width));
  return vec4u(first.x, end.x, first.y, end.y);
}
