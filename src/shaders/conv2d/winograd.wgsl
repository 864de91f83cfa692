// The transforms of Winograd's convolution, F(2×2, 3×3): the window is 3×3 and visits every pixel. The map written is cut into
// tiles of 2×2, the map read into overlapping tiles d of 4×4, two pixels apart, and a tile costs 16 products a pair of
// channels instead of 36. The products are 16 matrix products, one for each place of a transformed tile, and not here: gemm's.
//   forward   Y = Aᵀ [ Σ_i (G g Gᵀ) ⊙ (Bᵀ d B) ] A         dx: the same of dy, with the weights turned around
//   dw        Σ over tiles of Gᵀ [ (A dY Aᵀ) ⊙ (Bᵀ d B) ] G
//   Bᵀ = 1  0 −1  0     G = 1   0   0     Aᵀ = 1  1  1  0
//        0  1  1  0         ½   ½   ½          0  1 −1 −1
//        0 −1  1  0         ½  −½   ½
//        0  1  0 −1         0   0   1
// (Lavin and Gray, arXiv 1509.09308; dw is the transpose of the same bilinear form.) F(4×4, 3×3) is
// winograd4.wgsl.

const TILE: u32 = 2u;

//#include "lib/winograd-maps.wgsl"

alias Four = array<vec4f, 4>;

// Bᵀ times a column of x.
fn x_column(starts: vec4u, column: u32) -> Four {
  let d = Four(x_at(starts.x, column), x_at(starts.y, column), x_at(starts.z, column), x_at(starts.w, column));
  return Four(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]);
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
  let starts = vec4u(
    row_start(at.image, row, extents, quads, quad),
    row_start(at.image, row + 1u, extents, quads, quad),
    row_start(at.image, row + 2u, extents, quads, quad),
    row_start(at.image, row + 3u, extents, quads, quad),
  );
  var to = line * params.across * params.tile_apart + quad;
  var column = 0u - params.left;
  var first = x_column(starts, column);
  var second = x_column(starts, column + 1u);
  for (var tile = 0u; tile < params.across; tile++) {
    let third = x_column(starts, column + 2u);
    let fourth = x_column(starts, column + 3u);
    var place = to;
    for (var r = 0u; r < 4u; r++) {
      transformed[place] = first[r] - third[r];
      transformed[place + params.position_apart] = second[r] + third[r];
      transformed[place + params.position_apart * 2u] = third[r] - second[r];
      transformed[place + params.position_apart * 3u] = second[r] - fourth[r];
      place += params.position_apart * 4u;
    }
    first = third;
    second = fourth;
    column += 2u;
    to += params.tile_apart;
  }
}

// A times a column of dy.
fn dy_column(starts: vec2u, column: u32) -> Four {
  let above = dy_at(starts.x, column);
  let below = dy_at(starts.y, column);
  return Four(above, above + below, above - below, -below);
}

// A dY Aᵀ of every tile of a line.
@compute @workgroup_size(WORKGROUP)
fn transform_gradient(id: Invocation) {
  let quads = params.o / 4u;
  let line = linear_index(id) / quads;
  let quad = linear_index(id) % quads;
  if (line >= params.lines) { return; }
  let at = line_at(line);
  let extents = vec2u(params.oh, params.ow);
  let starts = vec2u(
    row_start(at.image, at.row, extents, quads, quad),
    row_start(at.image, at.row + 1u, extents, quads, quad),
  );
  var to = line * params.across * params.tile_apart + quad;
  for (var tile = 0u; tile < params.across; tile++) {
    let near = dy_column(starts, tile * 2u);
    let far = dy_column(starts, tile * 2u + 1u);
    var place = to;
    for (var r = 0u; r < 4u; r++) {
      transformed[place] = near[r];
      transformed[place + params.position_apart] = near[r] + far[r];
      transformed[place + params.position_apart * 2u] = near[r] - far[r];
      transformed[place + params.position_apart * 3u] = -far[r];
      place += params.position_apart * 4u;
    }
    to += params.tile_apart;
  }
}

// activate(b + Aᵀ m A) of every tile of a line.
@compute @workgroup_size(WORKGROUP)
fn transform_output(id: Invocation) {
  let quads = params.o / 4u;
  let line = linear_index(id) / quads;
  let quad = linear_index(id) % quads;
  if (line >= params.lines) { return; }
  let at = line_at(line);
  let extents = vec2u(params.oh, params.ow);
  let above = row_start(at.image, at.row, extents, quads, quad);
  let below = row_start(at.image, at.row + 1u, extents, quads, quad);
  var from_m = line * params.across * params.tile_apart + quad;
  for (var tile = 0u; tile < params.across; tile++) {
    var upper: Four;
    var lower: Four;
    for (var c = 0u; c < 4u; c++) {
      let place = from_m + c * params.position_apart;
      let m1 = products[place + params.position_apart * 4u];
      let m2 = products[place + params.position_apart * 8u];
      upper[c] = products[place] + m1 + m2;
      lower[c] = m1 - m2 - products[place + params.position_apart * 12u];
    }
    let column = tile * 2u;
    put(above, column, quad, upper[0] + upper[1] + upper[2]);
    put(above, column + 1u, quad, upper[1] - upper[2] - upper[3]);
    put(below, column, quad, lower[0] + lower[1] + lower[2]);
    put(below, column + 1u, quad, lower[1] - lower[2] - lower[3]);
    from_m += params.tile_apart;
  }
}

// G times a column of the window.
fn w_column(across: u32, row: u32, quad: u32) -> Four {
  let g = array(w_at(0u, across, row, quad), w_at(1u, across, row, quad), w_at(2u, across, row, quad));
  return Four(g[0], 0.5 * (g[0] + g[1] + g[2]), 0.5 * (g[0] - g[1] + g[2]), g[2]);
}

// G g Gᵀ, as 16 matrices (I, O), or TURNED (O, I), one below the other.
@compute @workgroup_size(WORKGROUP)
fn transform_weights(id: Invocation) {
  let at = weight_place(linear_index(id));
  if (at.row >= weight_rows()) { return; }
  let near = w_column(0u, at.row, at.quad);
  let middle = w_column(1u, at.row, at.quad);
  let far = w_column(2u, at.row, at.quad);
  let apart = weights_apart();
  for (var r = 0u; r < 4u; r++) {
    let place = weight_word(at) + r * 4u * apart;
    transformed[place] = near[r];
    transformed[place + apart] = 0.5 * (near[r] + middle[r] + far[r]);
    transformed[place + apart * 2u] = 0.5 * (near[r] - middle[r] + far[r]);
    transformed[place + apart * 3u] = far[r];
  }
}

// Gᵀ m G, m being the sum of the slices (S, I, 16, O), in order.
@compute @workgroup_size(WORKGROUP)
fn transform_products(id: Invocation) {
  let words = params.i * params.o / 4u;
  let index = linear_index(id);
  if (index >= words) { return; }
  let quads = params.o / 4u;
  let first = index / quads * 16u * quads + index % quads;
  var sums: array<vec4f, 16>;
  for (var slice = 0u; slice < params.slices; slice++) {
    for (var p = 0u; p < 16u; p++) { sums[p] += products[slice * 16u * words + first + p * quads]; }
  }
  var rows: array<vec4f, 12>;  // of Gᵀ m
  for (var c = 0u; c < 4u; c++) {
    let both = 0.5 * (sums[4u + c] + sums[8u + c]);
    rows[c] = sums[c] + both;
    rows[4u + c] = 0.5 * (sums[4u + c] - sums[8u + c]);
    rows[8u + c] = both + sums[12u + c];
  }
  for (var r = 0u; r < 3u; r++) {
    let both = 0.5 * (rows[r * 4u + 1u] + rows[r * 4u + 2u]);
    dw[r * 3u * words + index] = rows[r * 4u] + both;
    dw[(r * 3u + 1u) * words + index] = 0.5 * (rows[r * 4u + 1u] - rows[r * 4u + 2u]);
    dw[(r * 3u + 2u) * words + index] = both + rows[r * 4u + 3u];
  }
}
