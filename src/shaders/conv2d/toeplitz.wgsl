// The transforms of a 3×3 convolution over maps of 2×2 with "same" edges. Along one dimension it is the product of a Toeplitz
// matrix, y = (g₁ g₂; g₀ g₁) d, which takes three multiplications, where F(2, 3) of winograd.wgsl takes four and needs the zeros
// around the map:
//   y₀ = (d₀ + d₁) g₁ + d₁ (g₂ − g₁)      y₁ = (d₀ + d₁) g₁ + d₀ (g₀ − g₁)
// so a map costs 9 products a pair of channels, as matrix products of gemm's, instead of 16. A map is a tile.
//   forward   Y = Aᵀ [ Σ_i (G g Gᵀ) ⊙ (B d Bᵀ) ] A       dx: the same of dy, with the weights turned around
//   dw        Σ over maps of Gᵀ [ (A dY Aᵀ) ⊙ (B d Bᵀ) ] G
//   B = 1 1     G = 0  1  0     Aᵀ = 1 0 1
//       1 0         1 −1  0          1 1 0
//       0 1         0 −1  1
// (Karatsuba's trick for a Toeplitz matrix: Winograd, Arithmetic Complexity of Computations, 1980, chapter V.)

const TILE: u32 = 2u;

//#include "lib/winograd-maps.wgsl"

alias Two = array<vec4f, 2>;
alias Three = array<vec4f, 3>;

// B d
fn of_read(d: Two) -> Three { return Three(d[0] + d[1], d[0], d[1]); }

// G g
fn of_window(g: Three) -> Three { return Three(g[1], g[0] - g[1], g[2] - g[1]); }

// Aᵀ m
fn to_written(m: Three) -> Two { return Two(m[0] + m[2], m[0] + m[1]); }

// A dY
fn of_written(d: Two) -> Three { return Three(d[0] + d[1], d[1], d[0]); }

// Gᵀ m
fn to_window(m: Three) -> Three { return Three(m[1], m[0] - m[1] - m[2], m[2]); }

// A row of a transformed tile.
fn keep(place: u32, apart: u32, row: Three) {
  transformed[place] = row[0];
  transformed[place + apart] = row[1];
  transformed[place + apart * 2u] = row[2];
}

// What an invocation works at: a map, by its number within the part and by its place in memory, and a word of the channels.
struct Place {
  map: u32,
  first: u32,  // word of its first pixel
  quads: u32,
  quad: u32,
}

fn place_at(index: u32, channels: u32) -> Place {
  let quads = channels / 4u;
  let map = index / quads;
  return Place(map, (params.first + map) * 4u * quads + index % quads, quads, index % quads);
}

// B d Bᵀ
@compute @workgroup_size(WORKGROUP)
fn transform_input(id: Invocation) {
  let at = place_at(linear_index(id), params.i);
  if (at.map >= params.lines) { return; }
  let left = of_read(Two(x[at.first], x[at.first + 2u * at.quads]));
  let right = of_read(Two(x[at.first + at.quads], x[at.first + 3u * at.quads]));
  let to = at.map * params.tile_apart + at.quad;
  let below = params.position_apart * 3u;
  keep(to, params.position_apart, of_read(Two(left[0], right[0])));
  keep(to + below, params.position_apart, of_read(Two(left[1], right[1])));
  keep(to + below * 2u, params.position_apart, of_read(Two(left[2], right[2])));
}

// A dY Aᵀ
@compute @workgroup_size(WORKGROUP)
fn transform_gradient(id: Invocation) {
  let at = place_at(linear_index(id), params.o);
  if (at.map >= params.lines) { return; }
  let left = of_written(Two(dy[at.first], dy[at.first + 2u * at.quads]));
  let right = of_written(Two(dy[at.first + at.quads], dy[at.first + 3u * at.quads]));
  let to = at.map * params.tile_apart + at.quad;
  let below = params.position_apart * 3u;
  keep(to, params.position_apart, of_written(Two(left[0], right[0])));
  keep(to + below, params.position_apart, of_written(Two(left[1], right[1])));
  keep(to + below * 2u, params.position_apart, of_written(Two(left[2], right[2])));
}

// Aᵀ times a column of the products of a map.
fn products_column(place: u32) -> Two {
  let below = params.position_apart * 3u;
  return to_written(Three(products[place], products[place + below], products[place + below * 2u]));
}

// activate(b + Aᵀ m A)
@compute @workgroup_size(WORKGROUP)
fn transform_output(id: Invocation) {
  let at = place_at(linear_index(id), params.o);
  if (at.map >= params.lines) { return; }
  let from_m = at.map * params.tile_apart + at.quad;
  let first = products_column(from_m);
  let second = products_column(from_m + params.position_apart);
  let third = products_column(from_m + params.position_apart * 2u);
  let upper = to_written(Three(first[0], second[0], third[0]));
  let lower = to_written(Three(first[1], second[1], third[1]));
  let image = params.first + at.map;
  let starts = vec2u(image * 4u, image * 4u + 2u) * at.quads + at.quad;
  put(starts.x, 0u, at.quad, upper[0]);
  put(starts.x, 1u, at.quad, upper[1]);
  put(starts.y, 0u, at.quad, lower[0]);
  put(starts.y, 1u, at.quad, lower[1]);
}

// G times a column of the window.
fn w_column(across: u32, row: u32, quad: u32) -> Three {
  return of_window(Three(w_at(0u, across, row, quad), w_at(1u, across, row, quad), w_at(2u, across, row, quad)));
}

// G g Gᵀ, as 9 matrices (I, O), or TURNED (O, I), one below the other.
@compute @workgroup_size(WORKGROUP)
fn transform_weights(id: Invocation) {
  let at = weight_place(linear_index(id));
  if (at.row >= weight_rows()) { return; }
  let near = w_column(0u, at.row, at.quad);
  let middle = w_column(1u, at.row, at.quad);
  let far = w_column(2u, at.row, at.quad);
  let apart = weights_apart();
  let to = weight_word(at);
  keep(to, apart, of_window(Three(near[0], middle[0], far[0])));
  keep(to + apart * 3u, apart, of_window(Three(near[1], middle[1], far[1])));
  keep(to + apart * 6u, apart, of_window(Three(near[2], middle[2], far[2])));
}

// Gᵀ m G, m being the sum of the slices (S, I, 9, O), in order.
@compute @workgroup_size(WORKGROUP)
fn transform_products(id: Invocation) {
  let words = params.i * params.o / 4u;
  let index = linear_index(id);
  if (index >= words) { return; }
  let quads = params.o / 4u;
  let first = index / quads * 9u * quads + index % quads;
  var columns: array<Three, 3>;  // of Gᵀ m
  for (var c = 0u; c < 3u; c++) {
    var sums = Three();
    for (var slice = 0u; slice < params.slices; slice++) {
      for (var r = 0u; r < 3u; r++) { sums[r] += products[slice * 9u * words + first + (r * 3u + c) * quads]; }
    }
    columns[c] = to_window(sums);
  }
  for (var r = 0u; r < 3u; r++) {
    let row = to_window(Three(columns[0][r], columns[1][r], columns[2][r]));
    for (var c = 0u; c < 3u; c++) { dw[(r * 3u + c) * words + index] = row[c]; }
  }
}
