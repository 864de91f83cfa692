// 2-D convolution and its gradients, the tiled rung: one matrix product out = A·B, whose A (and for dx, B) is never formed
// but gathered, tile by tile, into workgroup memory, where the loop of the matrix product's own rung multiplies.
//            out (rows × columns)        A (rows × depth)          B (depth × columns)
//   FORWARD  y  (N·OH·OW × O)            windows of x              w
//   DX       dx (N·H·W × I)              windows of dy             w, O and I exchanged
//   DW       dw (KH·KW·I × O)            windows of x, transposed  dy
// `depth` may be split over workgroups: then `out` holds a product a split, which gemm/naive.wgsl combines in order.
// An element of A is where two places meet, that of its row and that of its step; rows are placed once a workgroup, and a step
// from the one before by additions, so that nothing is divided on the way.
// VEC_A, VEC_B, VEC_C: channels of what is read and written are whole vec4 words. BLOCK_A, BLOCK_B: such words that lie along the
// sum are loaded four rows at a time, and turned. STRIDED: of dx, a window's steps are of more than one pixel.

//#include "lib/product-tile.wgsl"

alias Lanes = vec4f;
alias Bits = vec4i;

//#include "lib/conv-index.wgsl"
//#include "lib/activate.wgsl"

struct Params {
  n: u32,
  h: u32,
  w: u32,
  i: u32,
  kh: u32,
  kw: u32,
  oh: u32,
  ow: u32,
  o: u32,
  sh: u32,
  sw: u32,
  top: u32,
  left: u32,
  rows: u32,
  columns: u32,
  depth: u32,
  split_depth: u32,
  stride_inner: u32,  // what an invocation's step moves on by, in the digits of `digits_of`
  stride_middle: u32,
  stride_outer: u32,
  per_sh: u32,  // 65,536 / sh and sw, rounded up: a tap divided by a stride is a product with them, shifted
  per_sw: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
//#if ${VEC_A}
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
//#else
@group(0) @binding(1) var<storage, read> a: array<f32>;
//#endif
//#if ${VEC_B}
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
//#else
@group(0) @binding(2) var<storage, read> b: array<f32>;
//#endif
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
//#if ${VEC_C}
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
//#else
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
//#endif

// Where elements of A lie, the part of a row or of a step: x the index, y and z the row and column of the image, w which of a
// stride's pixels. Both parts added are the element's; the wrap below zero, in the padding, fails the test like what is too far.
var<workgroup> places: array<vec4u, TILE_ROWS>;

// So far that no other part brings it back.
const NOWHERE = vec4u(0u, 0x40000000u, 0x40000000u, 0u);

// A step, or a row of dw, in digits: channel, column and row of a tap; or of dw's steps column, row and image of a pixel of y.
fn digits_of(at: u32) -> vec3u {
  let inner = radix();
  return vec3u(at % inner.x, at / inner.x % inner.y, at / (inner.x * inner.y));
}

fn radix() -> vec2u {
  //#if ${DX}
  return vec2u(params.o, params.kw);
  //#elif ${DW}
  return vec2u(params.ow, params.oh);
  //#else
  return vec2u(params.i, params.kw);
  //#endif
}

fn moved_on(at: vec3u) -> vec3u {
  let end = radix();
  var next = at + vec3u(params.stride_inner, params.stride_middle, params.stride_outer);
  if (next.x >= end.x) { next = vec3u(next.x - end.x, next.y + 1u, next.z); }
  if (next.y >= end.y) { next = vec3u(next.x, next.y - end.y, next.z + 1u); }
  return next;
}

// The window of a pixel of y (column, row, image), where it begins in x.
fn window_place(pixel: vec3u) -> vec4u {
  let h = pixel.y * params.sh - params.top;
  let w = pixel.x * params.sw - params.left;
  return vec4u(x_index(pixel.z, h, w), h, w, 0u);
}

// A tap (channel, column, row) within such a window.
fn tap_place(tap: vec3u) -> vec4u {
  return vec4u((tap.z * params.w + tap.y) * params.i + tap.x, tap.z, tap.y, 0u);
}

//#if ${DX}
// A pixel of x, as the pixel of dy whose window has it as its first; and a tap, as how much before that one the window lies
// that has the pixel there. They meet where both are the same of a stride's pixels.
fn slope_place(pixel: vec3u) -> vec4u {
  let at = pixel.yx + vec2u(params.top, params.left);
  let strides = vec2u(params.sh, params.sw);
  let place = at / strides;
  let phase = at % strides;
  return vec4u(y_index(pixel.z, place.x, place.y), place, (phase.x << 16u) | phase.y);
}

fn slope_tap(tap: vec3u) -> vec4u {
  //#if ${STRIDED}
  let back = vec2u(tap.z * params.per_sh, tap.y * params.per_sw) >> vec2u(16u);
  let phase = tap.zy - back * vec2u(params.sh, params.sw);
  //#else
  let back = tap.zy;
  let phase = vec2u();
  //#endif
  let index = tap.x - (back.x * params.ow + back.y) * params.o;
  return vec4u(index, vec2u() - back, (phase.x << 16u) | phase.y);
}
//#endif

fn row_place(row: u32) -> vec4u {
  if (row >= params.rows) { return NOWHERE; }
  //#if ${DX}
  return slope_place(vec3u(row % params.w, row / params.w % params.h, row / (params.w * params.h)));
  //#elif ${DW}
  return tap_place(vec3u(row % params.i, row / params.i % params.kw, row / (params.i * params.kw)));
  //#else
  return window_place(vec3u(row % params.ow, row / params.ow % params.oh, row / (params.ow * params.oh)));
  //#endif
}

fn step_place(digits: vec3u, is_within: bool) -> vec4u {
  //#if ${DX}
  let place = slope_tap(digits);
  //#elif ${DW}
  let place = window_place(digits);
  //#else
  let place = tap_place(digits);
  //#endif
  return select(NOWHERE, place, is_within);
}

// Whether a row and a step meet in the image.
fn meet(row: vec4u, step: vec4u) -> bool {
  let at = row.yz + step.yz;
  //#if ${DX}
  let is_within = at.x < params.oh && at.y < params.ow;
  //#else
  let is_within = at.x < params.h && at.y < params.w;
  //#endif
  //#if ${STRIDED}
  return is_within && row.w == step.w;
  //#else
  return is_within;
  //#endif
}

//#if ${VEC_A}
// Four elements that lie side by side; zero where that is padding.
fn word_of_a(row: u32, step: vec4u) -> vec4f {
  let place = places[row];
  if (!meet(place, step)) { return vec4f(); }
  return a[(place.x + step.x) / 4u];
}
//#else
fn element_of_a(row: u32, step: vec4u) -> f32 {
  let place = places[row];
  if (!meet(place, step)) { return 0.0; }
  return a[place.x + step.x];
}
//#endif

// Four rows at a step.
fn rows_at(row: u32, step: vec4u) -> vec4f {
  //#if ${VEC_A}
  return word_of_a(row, step);
  //#else
  return vec4f(element_of_a(row, step), element_of_a(row + 1u, step), element_of_a(row + 2u, step),
    element_of_a(row + 3u, step));
  //#endif
}

// Where word `i` of those that an invocation loads lies in the tile.
fn left_at(local: u32, i: u32) -> vec2u {
  //#if ${BLOCK_A}
  return block_at(local + i / 4u * INVOCATIONS) + vec2u(0u, i % 4u);
  //#elif ${DW}
  return along_edge(local + i * INVOCATIONS, ROW_WORDS);
  //#else
  return along_sum(local + i * INVOCATIONS);
  //#endif
}

fn right_at(local: u32, i: u32) -> vec2u {
  //#if ${BLOCK_B}
  return block_at(local + i / 4u * INVOCATIONS) + vec2u(0u, i % 4u);
  //#elif ${DX}
  return along_sum(local + i * INVOCATIONS);
  //#else
  return along_edge(local + i * INVOCATIONS, COLUMN_WORDS);
  //#endif
}

// What an invocation loads of A from step k on, zero from `end` on. All its words are of one step, and the next time DEPTH
// further; those of dw are of one row, a stride further each. `digits` are moved on.
fn load_left(local: u32, digits: ptr<function, vec3u>, k: u32, end: u32) -> LeftWords {
  var words: LeftWords;
  //#if ${DW}
  for (var i = 0u; i < LEFT_LOADS; i++) {
    let at = left_at(local, i);
    words[i] = rows_at(at.x * 4u, step_place(*digits, k + at.y < end));
    *digits = moved_on(*digits);
  }
  //#else
  let step = step_place(*digits, k + left_at(local, 0u).y < end);
  *digits = moved_on(*digits);
  //#if ${BLOCK_A}
  for (var i = 0u; i < LEFT_LOADS; i += 4u) {
    let row = left_at(local, i).x * 4u;
    let block = transpose(mat4x4f(word_of_a(row, step), word_of_a(row + 1u, step),
      word_of_a(row + 2u, step), word_of_a(row + 3u, step)));
    for (var j = 0u; j < 4u; j++) { words[i + j] = block[j]; }
  }
  //#else
  for (var i = 0u; i < LEFT_LOADS; i++) { words[i] = rows_at(left_at(local, i).x * 4u, step); }
  //#endif
  //#endif
  return words;
}

//#if ${BLOCK_B}
const RIGHT_TURN: u32 = 4u;
//#else
const RIGHT_TURN: u32 = 1u;
//#endif

//#if ${DX}
// The same of B, whose column i at tap (kh, kw, o) is w[kh, kw, i, o].
fn load_right(local: u32, digits: ptr<function, vec3u>, column: u32, k: u32, end: u32) -> RightWords {
  var words: RightWords;
  let tap = *digits;
  *digits = moved_on(*digits);
  if (k + right_at(local, 0u).y >= end) { return words; }
  let first = (tap.z * params.kw + tap.y) * params.i;
  let last = vec4u(params.columns - 1u);
  for (var i = 0u; i < RIGHT_LOADS; i += RIGHT_TURN) {
    let own = column + right_at(local, i).x * 4u;
    let at = (first + min(vec4u(own, own + 1u, own + 2u, own + 3u), last)) * params.o + tap.x;
    //#if ${BLOCK_B}
    let block = transpose(mat4x4f(b[at.x / 4u], b[at.y / 4u], b[at.z / 4u], b[at.w / 4u]));
    for (var j = 0u; j < 4u; j++) { words[i + j] = block[j]; }
    //#else
    words[i] = vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
    //#endif
  }
  return words;
}
//#else
fn load_right(local: u32, column: u32, k: u32, end: u32) -> RightWords {
  var words: RightWords;
  for (var i = 0u; i < RIGHT_LOADS; i++) {
    let at = right_at(local, i);
    if (k + at.y < end && is_right(local + i * INVOCATIONS)) {
      words[i] = columns_at(column + at.x * 4u, k + at.y);
    }
  }
  return words;
}

// Four columns of B at step k; columns beyond the last repeat it.
fn columns_at(column: u32, k: u32) -> vec4f {
  //#if ${VEC_B}
  return b[(k * params.columns + min(column, params.columns - 4u)) / 4u];
  //#else
  let last = vec4u(params.columns - 1u);
  let at = k * params.columns + min(vec4u(column, column + 1u, column + 2u, column + 3u), last);
  return vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
  //#endif
}
//#endif

// A word of the result, as much of it as lies within.
fn store(row: u32, column: u32, split: u32, value: vec4f) {
  if (row >= params.rows || column >= params.columns) { return; }
  let at = (split * params.rows + row) * params.columns + column;
  //#if ${VEC_C}
  out[at / 4u] = value;
  //#else
  out[at] = value.x;
  if (column + 1u < params.columns) { out[at + 1u] = value.y; }
  if (column + 2u < params.columns) { out[at + 2u] = value.z; }
  if (column + 3u < params.columns) { out[at + 3u] = value.w; }
  //#endif
}

fn put_out(at: vec3u, sum: vec4f) {
  var z = sum;
  //#if ${HAS_BIAS}
  z += bias[min(at.y, params.columns - 1u) / 4u];
  //#endif
  store(at.x, at.y, at.z, activate(z));
}

@compute @workgroup_size(INVOCATIONS)
fn multiply(
  @builtin(workgroup_id) wg: vec3u,
  //#if ${MATRIX}
  @builtin(subgroup_id) subgroup: u32,
  //#endif
  @builtin(local_invocation_index) local: u32,
) {
  let first_row = wg.x * TILE_ROWS;
  let column = wg.y * TILE_COLUMNS;
  for (var r = local; r < TILE_ROWS; r += INVOCATIONS) { places[r] = row_place(first_row + r); }
  workgroupBarrier();
  let end = min((wg.z + 1u) * params.split_depth, params.depth);
  //#if ${MATRIX}
  let mine = place_in_tile(subgroup);
  //#else
  let mine = place_in_tile(local);
  //#endif
  var k = wg.z * params.split_depth;
  var digits = digits_of(k + left_at(local, 0u).y);
  var left = load_left(local, &digits, k, end);
  //#if ${DX}
  var taps = digits_of(k + right_at(local, 0u).y);
  var right = load_right(local, &taps, column, k, end);
  //#else
  var right = load_right(local, column, k, end);
  //#endif
  var sums: Sums;
  while (k < end) {
    for (var i = 0u; i < LEFT_LOADS; i++) { put_left(left_at(local, i), left[i]); }
    for (var i = 0u; i < RIGHT_LOADS; i++) {
      if (is_right(local + i * INVOCATIONS)) { put_right(right_at(local, i), right[i]); }
    }
    workgroupBarrier();
    k += DEPTH;
    left = load_left(local, &digits, k, end);
    //#if ${DX}
    right = load_right(local, &taps, column, k, end);
    //#else
    right = load_right(local, column, k, end);
    //#endif
    multiply_tiles(&sums, mine);
    workgroupBarrier();
  }
  finish_tile(&sums, mine, local, vec3u(first_row, column, wg.z));
}
