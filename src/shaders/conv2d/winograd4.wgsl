// The transforms of Winograd's convolution F(4×4, 3×3), as winograd.wgsl has them of F(2×2, 3×3): tiles of 4×4 of the map
// written, of 6×6, four pixels apart, of the map read, and 36 products a tile and pair of channels instead of 144; dw is F(3×3, 4×4).
//   Bᵀ = 1  0 −5/2  0  1  0    G =   1     0    0      Aᵀ = 1  1   1   1   1  0     p = √½, q = √2
//        0 −q  −2   p  1  0        −⅔  −⅔·p  −⅓            0  p  −p   q  −q  0
//        0  q  −2  −p  1  0        −⅔   ⅔·p  −⅓            0  ½   ½   2   2  0
//        0 −p  −½   q  1  0         ⅙   ⅙·q   ⅓            0 ½p −½p  2q −2q  1
//        0  p  −½  −q  1  0         ⅙  −⅙·q   ⅓
//        0  1   0 −5/2 0  1         0    0    1
// Polynomials are taken at 0, ±√½, ±√2 and ∞, and not at 0, ±1, ±2 and ∞ as by Lavin and Gray, because the sums then round to
// less than a third of the error (bench/NOTES.md).

const TILE: u32 = 4u;

//#include "lib/winograd-maps.wgsl"

const P: f32 = 0.70710678;
const Q: f32 = 1.41421356;

alias Three = array<vec4f, 3>;
alias Four = array<vec4f, 4>;
alias Six = array<vec4f, 6>;

// Bᵀ d
fn of_read(d: Six) -> Six {
  let near = d[4] - 2.0 * d[2];
  let far = d[4] - 0.5 * d[2];
  let odd_near = P * d[3] - Q * d[1];
  let odd_far = Q * d[3] - P * d[1];
  return Six(d[0] - 2.5 * d[2] + d[4], near + odd_near, near - odd_near, far + odd_far, far - odd_far,
    d[1] - 2.5 * d[3] + d[5]);
}

// G g
fn of_window(g: Three) -> Six {
  let near = -2.0 / 3.0 * g[0] - g[2] / 3.0;
  let far = g[0] / 6.0 + g[2] / 3.0;
  let odd_near = -2.0 / 3.0 * P * g[1];
  let odd_far = Q / 6.0 * g[1];
  return Six(g[0], near + odd_near, near - odd_near, far + odd_far, far - odd_far, g[2]);
}

// Aᵀ m
fn to_written(m: Six) -> Four {
  let near = m[1] + m[2];
  let far = m[3] + m[4];
  let odd_near = P * (m[1] - m[2]);
  let odd_far = Q * (m[3] - m[4]);
  return Four(m[0] + near + far, odd_near + odd_far, 0.5 * near + 2.0 * far, 0.5 * odd_near + 2.0 * odd_far + m[5]);
}

// A dY
fn of_written(d: Four) -> Six {
  let near = d[0] + 0.5 * d[2];
  let far = d[0] + 2.0 * d[2];
  let odd_near = P * (d[1] + 0.5 * d[3]);
  let odd_far = Q * (d[1] + 2.0 * d[3]);
  return Six(d[0], near + odd_near, near - odd_near, far + odd_far, far - odd_far, d[3]);
}

// Gᵀ m
fn to_window(m: Six) -> Three {
  let near = (m[1] + m[2]) / 3.0;
  let far = (m[3] + m[4]) / 6.0;
  let odd = Q / 6.0 * (m[3] - m[4]) - 2.0 / 3.0 * P * (m[1] - m[2]);
  return Three(m[0] - 2.0 * near + far, odd, 2.0 * far - near + m[5]);
}

// A row of a transformed tile.
fn keep(place: u32, apart: u32, row: Six) {
  transformed[place] = row[0];
  transformed[place + apart] = row[1];
  transformed[place + apart * 2u] = row[2];
  transformed[place + apart * 3u] = row[3];
  transformed[place + apart * 4u] = row[4];
  transformed[place + apart * 5u] = row[5];
}

struct Starts {
  above: vec4u,
  below: vec2u,
}

fn x_column(starts: Starts, column: u32) -> Six {
  return of_read(Six(x_at(starts.above.x, column), x_at(starts.above.y, column), x_at(starts.above.z, column),
    x_at(starts.above.w, column), x_at(starts.below.x, column), x_at(starts.below.y, column)));
}

// Bᵀ d B of every tile of a line. Neighbouring tiles share two columns, which an invocation keeps.
@compute @workgroup_size(WORKGROUP)
fn transform_input(id: Invocation) {
  let quads = params.i / 4u;
  let line = linear_index(id) / quads;
  let quad = linear_index(id) % quads;
  if (line >= params.lines) { return; }
  let at = line_at(line);
  let extents = vec2u(params.h, params.w);
  // In the padding above and to the left these wrap below zero, and so fail the test like those past the end.
  let row = at.row - params.top;
  let starts = Starts(
    vec4u(
      row_start(at.image, row, extents, quads, quad),
      row_start(at.image, row + 1u, extents, quads, quad),
      row_start(at.image, row + 2u, extents, quads, quad),
      row_start(at.image, row + 3u, extents, quads, quad),
    ),
    vec2u(
      row_start(at.image, row + 4u, extents, quads, quad),
      row_start(at.image, row + 5u, extents, quads, quad),
    ),
  );
  let below = params.position_apart * 6u;
  var to = line * params.across * params.tile_apart + quad;
  var column = 0u - params.left;
  var first = x_column(starts, column);
  var second = x_column(starts, column + 1u);
  for (var tile = 0u; tile < params.across; tile++) {
    let third = x_column(starts, column + 2u);
    let fourth = x_column(starts, column + 3u);
    let fifth = x_column(starts, column + 4u);
    let sixth = x_column(starts, column + 5u);
    keep(to + below * 0u, params.position_apart, of_read(Six(first[0], second[0], third[0], fourth[0], fifth[0], sixth[0])));
    keep(to + below * 1u, params.position_apart, of_read(Six(first[1], second[1], third[1], fourth[1], fifth[1], sixth[1])));
    keep(to + below * 2u, params.position_apart, of_read(Six(first[2], second[2], third[2], fourth[2], fifth[2], sixth[2])));
    keep(to + below * 3u, params.position_apart, of_read(Six(first[3], second[3], third[3], fourth[3], fifth[3], sixth[3])));
    keep(to + below * 4u, params.position_apart, of_read(Six(first[4], second[4], third[4], fourth[4], fifth[4], sixth[4])));
    keep(to + below * 5u, params.position_apart, of_read(Six(first[5], second[5], third[5], fourth[5], fifth[5], sixth[5])));
    first = fifth;
    second = sixth;
    column += TILE;
    to += params.tile_apart;
  }
}

fn dy_column(starts: vec4u, column: u32) -> Six {
  return of_written(Four(dy_at(starts.x, column), dy_at(starts.y, column), dy_at(starts.z, column),
    dy_at(starts.w, column)));
}

// The rows of a tile in the map written.
fn written_rows(at: Line, extents: vec2u, quads: u32, quad: u32) -> vec4u {
  return vec4u(
    row_start(at.image, at.row, extents, quads, quad),
    row_start(at.image, at.row + 1u, extents, quads, quad),
    row_start(at.image, at.row + 2u, extents, quads, quad),
    row_start(at.image, at.row + 3u, extents, quads, quad),
  );
}

// A dY Aᵀ of every tile of a line.
@compute @workgroup_size(WORKGROUP)
fn transform_gradient(id: Invocation) {
  let quads = params.o / 4u;
  let line = linear_index(id) / quads;
  let quad = linear_index(id) % quads;
  if (line >= params.lines) { return; }
  let starts = written_rows(line_at(line), vec2u(params.oh, params.ow), quads, quad);
  let below = params.position_apart * 6u;
  var to = line * params.across * params.tile_apart + quad;
  for (var tile = 0u; tile < params.across; tile++) {
    let first = dy_column(starts, tile * TILE);
    let second = dy_column(starts, tile * TILE + 1u);
    let third = dy_column(starts, tile * TILE + 2u);
    let fourth = dy_column(starts, tile * TILE + 3u);
    keep(to + below * 0u, params.position_apart, of_written(Four(first[0], second[0], third[0], fourth[0])));
    keep(to + below * 1u, params.position_apart, of_written(Four(first[1], second[1], third[1], fourth[1])));
    keep(to + below * 2u, params.position_apart, of_written(Four(first[2], second[2], third[2], fourth[2])));
    keep(to + below * 3u, params.position_apart, of_written(Four(first[3], second[3], third[3], fourth[3])));
    keep(to + below * 4u, params.position_apart, of_written(Four(first[4], second[4], third[4], fourth[4])));
    keep(to + below * 5u, params.position_apart, of_written(Four(first[5], second[5], third[5], fourth[5])));
    to += params.tile_apart;
  }
}

// Aᵀ times a column of the products of a tile.
fn products_column(place: u32) -> Four {
  let below = params.position_apart * 6u;
  return to_written(Six(products[place], products[place + below], products[place + below * 2u],
    products[place + below * 3u], products[place + below * 4u], products[place + below * 5u]));
}

// A row of a tile of the map written.
fn put_row(start: u32, column: u32, quad: u32, row: Four) {
  put(start, column, quad, row[0]);
  put(start, column + 1u, quad, row[1]);
  put(start, column + 2u, quad, row[2]);
  put(start, column + 3u, quad, row[3]);
}

// activate(b + Aᵀ m A) of every tile of a line.
@compute @workgroup_size(WORKGROUP)
fn transform_output(id: Invocation) {
  let quads = params.o / 4u;
  let line = linear_index(id) / quads;
  let quad = linear_index(id) % quads;
  if (line >= params.lines) { return; }
  let starts = written_rows(line_at(line), vec2u(params.oh, params.ow), quads, quad);
  var from_m = line * params.across * params.tile_apart + quad;
  for (var tile = 0u; tile < params.across; tile++) {
    let first = products_column(from_m);
    let second = products_column(from_m + params.position_apart);
    let third = products_column(from_m + params.position_apart * 2u);
    let fourth = products_column(from_m + params.position_apart * 3u);
    let fifth = products_column(from_m + params.position_apart * 4u);
    let sixth = products_column(from_m + params.position_apart * 5u);
    let column = tile * TILE;
    put_row(starts.x, column, quad, to_written(Six(first[0], second[0], third[0], fourth[0], fifth[0], sixth[0])));
    put_row(starts.y, column, quad, to_written(Six(first[1], second[1], third[1], fourth[1], fifth[1], sixth[1])));
    put_row(starts.z, column, quad, to_written(Six(first[2], second[2], third[2], fourth[2], fifth[2], sixth[2])));
    put_row(starts.w, column, quad, to_written(Six(first[3], second[3], third[3], fourth[3], fifth[3], sixth[3])));
    from_m += params.tile_apart;
  }
}

// G times a column of the window.
fn w_column(across: u32, row: u32, quad: u32) -> Six {
  return of_window(Three(w_at(0u, across, row, quad), w_at(1u, across, row, quad), w_at(2u, across, row, quad)));
}

// G g Gᵀ, as 36 matrices (I, O), or TURNED (O, I), one below the other.
@compute @workgroup_size(WORKGROUP)
fn transform_weights(id: Invocation) {
  let at = weight_place(linear_index(id));
  if (at.row >= weight_rows()) { return; }
  let near = w_column(0u, at.row, at.quad);
  let middle = w_column(1u, at.row, at.quad);
  let far = w_column(2u, at.row, at.quad);
  let apart = weights_apart();
  let to = weight_word(at);
  keep(to + apart * 0u, apart, of_window(Three(near[0], middle[0], far[0])));
  keep(to + apart * 6u, apart, of_window(Three(near[1], middle[1], far[1])));
  keep(to + apart * 12u, apart, of_window(Three(near[2], middle[2], far[2])));
  keep(to + apart * 18u, apart, of_window(Three(near[3], middle[3], far[3])));
  keep(to + apart * 24u, apart, of_window(Three(near[4], middle[4], far[4])));
  keep(to + apart * 30u, apart, of_window(Three(near[5], middle[5], far[5])));
}

// Gᵀ m G, m being the sum of the slices (S, I, 36, O), in order.
@compute @workgroup_size(WORKGROUP)
fn transform_products(id: Invocation) {
  let words = params.i * params.o / 4u;
  let index = linear_index(id);
  if (index >= words) { return; }
  let quads = params.o / 4u;
  let first = index / quads * 36u * quads + index % quads;
  var columns: array<Three, 6>;  // of Gᵀ m
  for (var c = 0u; c < 6u; c++) {
    var sums = Six();
    for (var slice = 0u; slice < params.slices; slice++) {
      for (var r = 0u; r < 6u; r++) { sums[r] += products[slice * 36u * words + first + (r * 6u + c) * quads]; }
    }
    columns[c] = to_window(sums);
  }
  for (var r = 0u; r < 3u; r++) {
    let row = to_window(Six(columns[0][r], columns[1][r], columns[2][r], columns[3][r], columns[4][r], columns[5][r]));
    for (var c = 0u; c < 3u; c++) { dw[(r * 3u + c) * words + index] = row[c]; }
  }
}
