// Gradient of a convolution's weights, the implicit rung: for each tap of the window the product xᵀ · dy over those
// pixels of dy for which the tap is not padding, in the register tiles of gemm/subgroup.wgsl, reading x and dy where they
// lie. Long sums are cut into slices, which a second dispatch adds in order. One kernel serves every extent, stride and
// padding. Channels are whole vec4 words; needs subgroups of one known size.
//   dw[kh,kw,i,o] = Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · dy[n,oh,ow,o]

enable subgroups;
diagnostic(off, subgroup_uniformity);

//#include "lib/invocation.wgsl"
//#include "lib/register-tile.wgsl"

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
  slices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> products: array<vec4f>;  // (slices, KH, KW, I, O)
@group(0) @binding(4) var<storage, read> partial: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(SUBGROUP)
fn weight_gradient(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let p = params;
  let tile = wg.y * groups.x + wg.x;
  let blocks = (p.i + ROWS - 1u) / ROWS;
  let down = p.kh * p.kw * blocks;
  let column = first_column(tile / down, lane);
  if (first_column(tile / down, 0u) >= p.o) { return; }
  let tap = tile % down / blocks;
  let row = tile % blocks * ROWS;
  // Pixels of dy, down and across, for which the tap lies inside of x: `counts` from `first` on.
  let shift = vec2i(i32(tap / p.kw) - i32(p.top), i32(tap % p.kw) - i32(p.left));
  let strides = vec2i(i32(p.sh), i32(p.sw));
  let first = (max(-shift, vec2i(0)) + strides - 1) / strides;
  let inside = max(vec2i(i32(p.h), i32(p.w)) - shift, vec2i(0));
  let end = min((inside + strides - 1) / strides, vec2i(i32(p.oh), i32(p.ow)));
  let counts = vec2u(max(end - first, vec2i(0)));
  let steps = p.n * counts.x * counts.y;
  let slice = ((steps + p.slices - 1u) / p.slices + 3u) / 4u * 4u;
  let begin = wg.z * slice;
  let stop = min(steps, begin + slice);
  var columns: array<u32, WORDS>;
  for (var v = 0u; v < WORDS; v++) { columns[v] = word_at(column, v, p.o); }
  // A step is a number of three digits, image, line and column, to which each turn adds four, also three digits: so pixels
  // are found without dividing. A line and an image that are full add more to the words read than their columns and lines.
  let size = max(counts, vec2u(1u));
  let digits = vec2u(4u / size.y % size.x, 4u % size.y);
  let image_words = vec2u(p.h * p.w * (p.i / 4u), p.oh * p.ow * (p.o / 4u));
  let line_words = vec2u(p.sh * p.w * (p.i / 4u), p.ow * (p.o / 4u));
  let column_words = vec2u(p.sw * (p.i / 4u), p.o / 4u);
  let advance = 4u / size.y / size.x * image_words + digits.x * line_words + digits.y * column_words;
  let full_line = line_words - size.y * column_words;
  let full_image = image_words - size.x * line_words;
  let corner = vec2u(first * strides + shift);
  let origin = vec2u(
    (corner.x * p.w + corner.y) * (p.i / 4u),
    (u32(first.x) * p.ow + u32(first.y)) * (p.o / 4u),
  );
  var at: array<vec2u, LOADS>;     // line and column
  var words: array<vec2u, LOADS>;  // where they begin in x and in dy
  for (var j = 0u; j < LOADS; j++) {
    let word = j * SUBGROUP + lane;
    let step = begin + word / QUADS;
    let line = step / size.y;
    at[j] = vec2u(line % size.x, step % size.y);
    words[j] = origin + line / size.x * image_words + at[j].x * line_words + at[j].y * column_words;
    words[j].x += min(row / 4u + word % QUADS, p.i / 4u - 1u);
  }
  var sum: Tile;
  for (var k = begin; k < stop; k += 4u) {
    var piece: Piece;
    var slopes: array<u32, LOADS>;
    for (var j = 0u; j < LOADS; j++) {
      let counted = k + (j * SUBGROUP + lane) / QUADS < stop;
      piece[j] = select(vec4f(), x[select(0u, words[j].x, counted)], counted);
      slopes[j] = select(0u, words[j].y, counted);
      at[j] += digits;
      words[j] += advance;
      if (at[j].y >= size.y) {
        at[j] += vec2u(1u, 0u) - vec2u(0u, size.y);
        words[j] += full_line;
      }
      if (at[j].x >= size.x) {
        at[j].x -= size.x;
        words[j] += full_image;
      }
    }
    for (var s = 0u; s < 4u; s++) {
      let owner = s * QUADS;
      let from_dy = subgroupShuffle(slopes[owner / SUBGROUP], owner % SUBGROUP);
      var factors: Factors;
      for (var v = 0u; v < WORDS; v++) { factors[v] = dy[from_dy + columns[v]]; }
      multiply_add(&sum, &piece, &factors, s);
    }
  }
  let to = ((wg.z * p.kh * p.kw + tap) * p.i + row) * (p.o / 4u);
  for (var v = 0u; v < WORDS; v++) {
    for (var r = 0u; r < ROWS; r++) {
      if (row + r < p.i && column + v * SUBGROUP * 4u < p.o) {
        products[to + r * (p.o / 4u) + columns[v]] = sum[r * WORDS + v];
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn add_slices(id: Invocation) {
  let index = linear_index(id);
  let vectors = params.kh * params.kw * params.i * params.o / 4u;
  if (index >= vectors) { return; }
  var sum = partial[index];
  for (var slice = 1u; slice < params.slices; slice++) { sum += partial[slice * vectors + index]; }
  dw[index] = sum;
}
