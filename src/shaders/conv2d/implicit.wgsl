// 2-D convolution, the implicit rung: the matrix product of gemm/subgroup.wgsl whose left operand, the windows laid out
// as rows, is never written down. A row of the product is a pixel of the map written, a tap of the window is a run of its
// sum, and taps that fall on padding for all rows of a tile are left out, so that small maps cost only their real taps.
// One kernel serves every extent, stride and padding. Channels are whole vec4 words; needs subgroups of one known size.
//   y[n,oh,ow,o] = activate(b[o] + Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · w[kh,kw,i,o])
// GRADIENT: the other way round, dx from dy, with the same weights read by columns; STRIDED: and strides beyond 1.

enable subgroups;
diagnostic(off, subgroup_uniformity);

alias Lanes = vec4f;
alias Bits = vec4i;

//#include "lib/register-tile.wgsl"
//#include "lib/activate.wgsl"

const OUTSIDE: u32 = 0xffffffffu;

struct Params {
  h: u32,         // of the map that is read: x, or dy with GRADIENT
  w: u32,
  i: u32,
  kh: u32,
  kw: u32,
  oh: u32,        // of the map that is written
  ow: u32,
  o: u32,
  sh: u32,
  sw: u32,
  top: u32,
  left: u32,
  rows: u32,      // images times pixels of the map that is written
  together: u32,  // images whose same pixel makes neighbouring rows: 1, or all of them
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// A row of the product: which image, where tap 0 of its window lies in the map read, and its pixel in the map written.
struct Row {
  image: u32,
  origin: vec2i,
  pixel: u32,
}

fn row_of(index: u32) -> Row {
  let group = index / params.together;
  let pixels = params.oh * params.ow;
  let pixel = group % pixels;
  let image = group / pixels * params.together + index % params.together;
  let at = vec2i(i32(pixel / params.ow), i32(pixel % params.ow));
  let padding = vec2i(i32(params.top), i32(params.left));
  //#if ${GRADIENT}
  let origin = at + padding;
  //#else
  let origin = at * vec2i(i32(params.sh), i32(params.sw)) - padding;
  //#endif
  return Row(image, origin, image * pixels + pixel);
}

// The first tap of a row, down and across, that is not padding, and the end of them.
fn first_tap(origin: vec2i) -> vec2u {
  //#if ${GRADIENT}
  let strides = vec2i(i32(params.sh), i32(params.sw));
  let farthest = (vec2i(i32(params.h), i32(params.w)) - 1) * strides;
  return vec2u(max(origin - farthest, origin % strides));
  //#else
  return vec2u(max(-origin, vec2i(0)));
  //#endif
}

fn end_tap(origin: vec2i) -> vec2u {
  let taps = vec2i(i32(params.kh), i32(params.kw));
  //#if ${GRADIENT}
  return vec2u(min(origin + 1, taps));
  //#else
  return vec2u(clamp(vec2i(i32(params.h), i32(params.w)) - origin, vec2i(0), taps));
  //#endif
}

// The word of the map read where a row's tap begins; OUTSIDE where the tap is padding.
fn word_of(row: Row, tap: vec2u) -> u32 {
  //#if ${GRADIENT}
  var at = row.origin - vec2i(tap);
  var inside = true;
  //#if ${STRIDED}
  let strides = vec2i(i32(params.sh), i32(params.sw));
  let quotient = at / strides;
  inside = all(quotient * strides == at);
  at = quotient;
  //#endif
  //#else
  let at = row.origin + vec2i(tap);
  let inside = true;
  //#endif
  let corner = vec2u(at);  // negative ones wrap, and so fail the test like those past the end
  let word = ((row.image * params.h + corner.x) * params.w + corner.y) * (params.i / 4u);
  return select(OUTSIDE, word, inside && corner.x < params.h && corner.y < params.w);
}

@compute @workgroup_size(SUBGROUP)
fn multiply(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tile = wg.y * groups.x + wg.x;
  let down = (params.rows + ROWS - 1u) / ROWS;
  let first_row = tile % down * ROWS;
  let column = first_column(tile / down, lane);
  if (first_column(tile / down, 0u) >= params.o) { return; }
  var rows: array<Row, LOADS>;
  var first = vec2u(params.kh, params.kw);
  var end = vec2u(0u);
  for (var j = 0u; j < LOADS; j++) {
    rows[j] = row_of(min(first_row + min(j * SUBGROUP + lane, ROWS - 1u), params.rows - 1u));
    first = min(first, first_tap(rows[j].origin));
    end = max(end, end_tap(rows[j].origin));
  }
  first = subgroupMin(first);
  end = max(first, subgroupMax(end));
  var step = vec2u(1u);
  //#if ${STRIDED}
  // Where the rows agree on which taps the strides skip, none of those is visited.
  let strides = vec2i(i32(params.sh), i32(params.sw));
  var least = vec2i(strides);
  var most = vec2i(0);
  for (var j = 0u; j < LOADS; j++) {
    least = min(least, rows[j].origin % strides);
    most = max(most, rows[j].origin % strides);
  }
  step = select(step, vec2u(strides), subgroupMin(least) == subgroupMax(most));
  //#endif
  let counts = (end - first + step - 1u) / step;
  let quads = params.i / 4u;
  let turns = counts.x * counts.y * quads;
  var columns: array<u32, WORDS>;
  for (var v = 0u; v < WORDS; v++) { columns[v] = word_at(column, v, params.o); }
  var sum: Tile;
  var tap = first;
  var quad = 0u;
  var words: array<u32, LOADS>;
  var from_w = 0u;
  // One loop over taps and channels, because every loop costs a masked copy of all sums a turn.
  for (var turn = 0u; turn < turns; turn++) {
    if (quad == 0u) {
      for (var j = 0u; j < LOADS; j++) { words[j] = word_of(rows[j], tap); }
      from_w = (tap.x * params.kw + tap.y) * params.i * (params.o / 4u);
    }
    var piece: Piece;
    for (var j = 0u; j < LOADS; j++) {
      let inside = words[j] != OUTSIDE;
      piece[j] = select(vec4f(), x[select(0u, words[j] + quad, inside)], inside);
    }
    //#if ${GRADIENT}
    var turned: Turned;
    for (var e = 0u; e < WORDS * 4u; e++) {
      turned[e] = w[from_w + (columns[e / 4u] * 4u + e % 4u) * quads + quad];
    }
    //#endif
    for (var k = 0u; k < 4u; k++) {
      var factors: Factors;
      for (var v = 0u; v < WORDS; v++) {
        //#if ${GRADIENT}
        factors[v] = turned_word(&turned, v, k);
        //#else
        factors[v] = w[from_w + (quad * 4u + k) * (params.o / 4u) + columns[v]];
        //#endif
      }
      multiply_add(&sum, &piece, &factors, k);
    }
    quad++;
    if (quad == quads) {
      quad = 0u;
      tap.y += step.y;
      if (tap.y >= end.y) { tap = vec2u(tap.x + step.x, first.y); }
    }
  }
  for (var v = 0u; v < WORDS; v++) {
    var offset = vec4f();
    //#if ${HAS_BIAS}
    offset = b[columns[v]];
    //#endif
    for (var r = 0u; r < ROWS; r++) {
      let pixel = subgroupShuffle(rows[r / SUBGROUP].pixel, r % SUBGROUP);
      if (first_row + r < params.rows && column + v * SUBGROUP * 4u < params.o) {
        y[pixel * (params.o / 4u) + columns[v]] = activate(sum[r * WORDS + v] + offset);
      }
    }
  }
}
