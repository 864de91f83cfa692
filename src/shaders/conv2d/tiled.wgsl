// 2-D convolution and its gradients, the tiled rung: one matrix product out = A·B, whose A (and for dx, B) is never
// formed but gathered, tile by tile, into workgroup memory. Faster than naive because a value that was gathered once is
// used by a whole row or column of the tile; needs nothing but workgroup memory.
//            out (rows × columns)        A (rows × depth)          B (depth × columns)
//   FORWARD  y  (N·OH·OW × O)            windows of x              w
//   DX       dx (N·H·W × I)              windows of dy             w, O and I exchanged
//   DW       dw (KH·KW·I × O)            windows of x, transposed  dy
// `depth` may be split over workgroups: then `out` holds a product a split, and add_splits sums them in a fixed order.

alias Lanes = f32;
alias Bits = i32;

//#include "lib/invocation.wgsl"
//#include "lib/conv-index.wgsl"
//#include "lib/conv-window.wgsl"
//#include "lib/activate.wgsl"

const TILE_ROWS: u32 = 64u;
const TILE_COLUMNS: u32 = 64u;  // TILE_ROWS · TILE_COLUMNS = 4,096: each of 256 invocations has 4 × 4 of it
const TILE_DEPTH: u32 = 16u;
// One more than the tile, so that writing down a column meets different banks of memory.
const A_STRIDE = TILE_ROWS + 1u;
const B_STRIDE = TILE_COLUMNS + 1u;

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
  splits: u32,
  split_depth: u32,  // a multiple of TILE_DEPTH
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> products: array<f32>;

var<workgroup> a_tile: array<f32, TILE_DEPTH * A_STRIDE>;
var<workgroup> b_tile: array<f32, TILE_DEPTH * B_STRIDE>;

// x under window tap `tap` (kh, kw, i) at output position `at` (n, oh, ow); zero where that is padding.
fn window(at: u32, tap: u32) -> f32 {
  let p = params;
  let h = x_row(at / p.ow % p.oh, tap / (p.i * p.kw));
  let w = x_column(at % p.ow, tap / p.i % p.kw);
  if (h >= p.h || w >= p.w) { return 0.0; }
  return a[x_index(at / (p.ow * p.oh), h, w) + tap % p.i];
}

// dy where tap `tap` (kh, kw, o) of its window is input position `at` (n, h, w); zero where no window has it there.
fn slope(at: u32, tap: u32) -> f32 {
  let p = params;
  let h = at / p.w % p.h + p.top - tap / (p.o * p.kw);
  let w = at % p.w + p.left - tap / p.o % p.kw;
  let oh = h / p.sh;
  let ow = w / p.sw;
  if (h % p.sh != 0u || w % p.sw != 0u || oh >= p.oh || ow >= p.ow) { return 0.0; }
  return a[y_index(at / (p.w * p.h), oh, ow) + tap % p.o];
}

fn read_a(row: u32, k: u32) -> f32 {
  if (row >= params.rows || k >= params.depth) { return 0.0; }
  //#if ${DX}
  return slope(row, k);
  //#elif ${DW}
  return window(k, row);
  //#else
  return window(row, k);
  //#endif
}

fn read_b(k: u32, column: u32) -> f32 {
  if (k >= params.depth || column >= params.columns) { return 0.0; }
  //#if ${DX}
  return b[(k / params.o * params.i + column) * params.o + k % params.o];
  //#else
  return b[k * params.columns + column];
  //#endif
}

// Neighbouring invocations read along whatever lies contiguous in memory.
fn load_tiles(first_row: u32, first_column: u32, k: u32, local: u32) {
  for (var e = local; e < TILE_DEPTH * TILE_ROWS; e += 256u) {
    //#if ${DW}
    let at = vec2u(e / TILE_ROWS, e % TILE_ROWS);
    //#else
    let at = vec2u(e % TILE_DEPTH, e / TILE_DEPTH);
    //#endif
    a_tile[at.x * A_STRIDE + at.y] = read_a(first_row + at.y, k + at.x);
  }
  for (var e = local; e < TILE_DEPTH * TILE_COLUMNS; e += 256u) {
    //#if ${DX}
    let at = vec2u(e % TILE_DEPTH, e / TILE_DEPTH);
    //#else
    let at = vec2u(e / TILE_COLUMNS, e % TILE_COLUMNS);
    //#endif
    b_tile[at.x * B_STRIDE + at.y] = read_b(k + at.x, first_column + at.y);
  }
}

@compute @workgroup_size(256)
fn multiply(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let p = params;
  let first_row = wg.x * TILE_ROWS;
  let first_column = wg.y * TILE_COLUMNS;
  let row = local / (TILE_COLUMNS / 4u) * 4u;
  let column = local % (TILE_COLUMNS / 4u) * 4u;
  let end = min((wg.z + 1u) * p.split_depth, p.depth);
  var sums: array<vec4f, 4>;
  for (var k = wg.z * p.split_depth; k < end; k += TILE_DEPTH) {
    load_tiles(first_row, first_column, k, local);
    workgroupBarrier();
    for (var d = 0u; d < TILE_DEPTH; d++) {
      let from_b = d * B_STRIDE + column;
      let four = vec4f(b_tile[from_b], b_tile[from_b + 1u], b_tile[from_b + 2u], b_tile[from_b + 3u]);
      for (var r = 0u; r < 4u; r++) { sums[r] += a_tile[d * A_STRIDE + row + r] * four; }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 4u; r++) {
    for (var c = 0u; c < 4u; c++) {
      let y = first_row + row + r;
      let x = first_column + column + c;
      if (y >= p.rows || x >= p.columns) { continue; }
      var sum = sums[r][c];
      //#if ${HAS_BIAS}
      sum += bias[x];
      //#endif
      out[(wg.z * p.rows + y) * p.columns + x] = activate(sum);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn add_splits(id: Invocation) {
  let index = linear_index(id);
  let size = params.rows * params.columns;
  if (index >= size) { return; }
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) { sum += products[split * size + index]; }
  out[index] = sum;
}
