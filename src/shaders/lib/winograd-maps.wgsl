// What the transforms of Winograd's convolutions read and write: maps in tiles of TILE × TILE pixels, a word being four channels,
// and weights of 3 × 3. Map-sized transforms run over `lines` rows of tiles from `first` on, so that what they write can stay in
// a cache. TILE is the including file's.

alias Lanes = vec4f;
alias Bits = vec4i;

//#include "lib/invocation.wgsl"
//#include "lib/activate.wgsl"

const OUTSIDE: u32 = 0xffffffffu;

struct Params {
  h: u32,
  w: u32,
  i: u32,
  oh: u32,
  ow: u32,
  o: u32,
  top: u32,
  left: u32,
  down: u32,            // tiles of an image, down and across
  across: u32,
  first: u32,           // lines of tiles, counted through all images
  lines: u32,
  tile_apart: u32,      // words from a transformed tile to the next, and from one of its places to the next
  position_apart: u32,
  slices: u32,          // of the sum over tiles, for dw
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> transformed: array<vec4f>;
//#if ${TURNED}
@group(0) @binding(4) var<storage, read> w: array<f32>;
//#else
@group(0) @binding(4) var<storage, read> w: array<vec4f>;
//#endif
@group(0) @binding(5) var<storage, read> products: array<vec4f>;
@group(0) @binding(6) var<storage, read> b: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dw: array<vec4f>;

// A line of tiles: its image, and the first of its rows in the map written.
struct Line {
  image: u32,
  row: u32,
}

fn line_at(line: u32) -> Line {
  let index = params.first + line;
  return Line(index / params.down, index % params.down * TILE);
}

// Where row `row` of a map begins, for a word of the channels; OUTSIDE if it does not.
fn row_start(image: u32, row: u32, extents: vec2u, quads: u32, quad: u32) -> u32 {
  return select(OUTSIDE, (image * extents.x + row) * extents.y * quads + quad, row < extents.x);
}

fn x_at(start: u32, column: u32) -> vec4f {
  let inside = start != OUTSIDE && column < params.w;
  return select(vec4f(), x[select(0u, start + column * (params.i / 4u), inside)], inside);
}

fn dy_at(start: u32, column: u32) -> vec4f {
  let inside = start != OUTSIDE && column < params.ow;
  return select(vec4f(), dy[select(0u, start + column * (params.o / 4u), inside)], inside);
}

fn put(start: u32, column: u32, quad: u32, value: vec4f) {
  if (start == OUTSIDE || column >= params.ow) { return; }
  var offset = vec4f();
  //#if ${HAS_BIAS}
  offset = b[quad];
  //#endif
  y[start + column * (params.o / 4u)] = activate(value + offset);
}

// A word of the weights at a tap; TURNED: of those of the gradient's convolution, row o and a word of input channels.
fn w_at(down: u32, across: u32, row: u32, quad: u32) -> vec4f {
  //#if ${TURNED}
  let at = (((2u - down) * 3u + 2u - across) * params.i + quad * 4u) * params.o + row;
  return vec4f(w[at], w[at + params.o], w[at + 2u * params.o], w[at + 3u * params.o]);
  //#else
  return w[((down * 3u + across) * params.i + row) * (params.o / 4u) + quad];
  //#endif
}

// A row of the transformed weights and a word of its columns.
struct WeightPlace {
  row: u32,
  quad: u32,
}

// The rows are input channels; TURNED: output channels, sixteen of which lie in a cache line of w, and so go together.
fn weight_place(index: u32) -> WeightPlace {
  //#if ${TURNED}
  let quads = params.i / 4u;
  return WeightPlace(index / (16u * quads) * 16u + index % 16u, index / 16u % quads);
  //#else
  let quads = params.o / 4u;
  return WeightPlace(index / quads, index % quads);
  //#endif
}

fn weight_rows() -> u32 {
  //#if ${TURNED}
  return params.o;
  //#else
  return params.i;
  //#endif
}

// Words from a matrix of transformed weights to the next.
fn weights_apart() -> u32 { return params.i * params.o / 4u; }

// Of a row and a word.
fn weight_word(at: WeightPlace) -> u32 { return at.row * (weights_apart() / weight_rows()) + at.quad; }
