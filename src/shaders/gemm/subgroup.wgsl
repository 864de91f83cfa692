// Matrix product, the subgroup rung: one subgroup computes ROWS × (4 · WORDS · SUBGROUP) elements of c in registers. Its
// lanes load a piece of op(a) together, four steps of k at once, and hand the elements round by shuffle, so that an
// element of op(a) costs one lane one load, and an element of op(b) serves ROWS multiply-adds. Needs subgroups of one
// known size; no workgroup memory, no barriers. The best rung where such memory is slow (software adapters).
//   c = activate(op(a) · op(b) + bias); shapes as in naive.wgsl; slice z of k goes to the z-th matrix of c
//   SUMS: sums[n] = Σ op(b)[k, n] besides, which the first row of tiles adds up
// VEC_A, VEC_B, VEC_C: rows of the stored matrix are whole vec4 words. Reads beyond an edge are clamped to it, and op(a)
// is zero beyond the last k, so that nothing else leaks in. (But an ∞ in the last row of op(b) may meet such a zero, and
// comes out as NaN.)

enable subgroups;

//#include "lib/register-tile.wgsl"
//#include "lib/gemm-operands.wgsl"

const FIFTH: u32 = (ROWS + 4u) / 5u;  // of a tall tile's rows

// Four elements of a stored row, from `column` on, a multiple of 4.
fn a_at(row: u32, column: u32, width: u32) -> vec4f {
  //#if ${VEC_A}
  return a[(row * width + min(column, width - 4u)) / 4u];
  //#else
  let first = row * width;
  let last = width - 1u;
  return vec4f(a[first + min(column, last)], a[first + min(column + 1u, last)],
    a[first + min(column + 2u, last)], a[first + min(column + 3u, last)]);
  //#endif
}

fn b_at(row: u32, column: u32, width: u32) -> vec4f {
  //#if ${VEC_B}
  return b[(row * width + min(column, width - 4u)) / 4u];
  //#else
  let first = row * width;
  let last = width - 1u;
  return vec4f(b[first + min(column, last)], b[first + min(column + 1u, last)],
    b[first + min(column + 2u, last)], b[first + min(column + 3u, last)]);
  //#endif
}

// Word `i` of the ROWS × 4 piece of op(a) at (row, k): four steps of k of row i, or stored the other way, four rows of
// one step.
fn load_a(row: u32, k: u32, i: u32, end: u32) -> vec4f {
  //#if ${TRANS_A}
  let step = k + i / QUADS;
  let value = a_at(min(step, end - 1u), row + i % QUADS * 4u, params.m);
  return select(vec4f(), value, step < end);
  //#else
  let value = a_at(min(row + min(i, ROWS - 1u), params.m - 1u), k, params.k);
  return select(vec4f(), value, vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(end));
  //#endif
}

@compute @workgroup_size(SUBGROUP)
fn multiply(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tile = wg.y * groups.x + wg.x;
  // Neighbouring tiles share their columns: reading op(b), the wider piece, again from memory costs more than op(a).
  let down = (params.m + ROWS - 1u) / ROWS;
  let row = tile % down * ROWS;
  let column = first_column(tile / down, lane);
  if (first_column(tile / down, 0u) >= params.n) { return; }
  let end = min(params.k, (wg.z + 1u) * params.slice);
  var sum: Tile;
  //#if ${SUMS}
  var total: Factors;
  //#endif
  for (var k = wg.z * params.slice; k < end; k += 4u) {
    var piece: Piece;
    for (var i = 0u; i < LOADS; i++) {
      piece[i] = load_a(row, k, i * SUBGROUP + lane, end);
    }
    //#if ${TRANS_B}
    var turned: Turned;
    for (var i = 0u; i < WORDS * 4u; i++) {
      let source = column + i / 4u * SUBGROUP * 4u + i % 4u;
      turned[i] = b_at(min(source, params.n - 1u), k, params.k);
    }
    //#endif
    for (var step = 0u; step < 4u; step++) {
      var words: Factors;
      for (var v = 0u; v < WORDS; v++) {
        //#if ${TRANS_B}
        words[v] = turned_word(&turned, v, step);
        //#else
        words[v] = b_at(min(k + step, end - 1u), column + v * SUBGROUP * 4u, params.n);
        //#endif
      }
      multiply_add(&sum, &piece, &words, step);
      //#if ${SUMS}
      for (var v = 0u; v < WORDS; v++) { total[v] += select(vec4f(), words[v], k + step < end); }
      //#endif
    }
  }
  for (var v = 0u; v < WORDS; v++) {
    let at = column + v * SUBGROUP * 4u;
    for (var r = 0u; r < ROWS; r++) {
      store(row + r, at, wg.z, finish(row + r, at, sum[r * WORDS + v]));
    }
    //#if ${SUMS}
    if (row == 0u) { store_sums(at, total[v]); }
    //#endif
  }
}

// As multiply, to the same bits, for tall tiles: two steps of k a turn, row by row, so that a sum is read and written once for two
// products. Rows go in fifths, because a loop over all of them would not be unrolled (bench/NOTES.md).
@compute @workgroup_size(SUBGROUP)
fn multiply_tall(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tile = wg.y * groups.x + wg.x;
  let down = (params.m + ROWS - 1u) / ROWS;
  let row = tile % down * ROWS;
  let column = first_column(tile / down, lane);
  if (first_column(tile / down, 0u) >= params.n) { return; }
  let end = min(params.k, (wg.z + 1u) * params.slice);
  var sum: Tile;
  for (var k = wg.z * params.slice; k < end; k += 4u) {
    var piece: Piece;
    for (var i = 0u; i < LOADS; i++) { piece[i] = load_a(row, k, i * SUBGROUP + lane, end); }
    for (var half = 0u; half < 2u; half++) {
      let step = k + half * 2u;
      var near: Factors;
      var far: Factors;
      for (var v = 0u; v < WORDS; v++) {
        near[v] = b_at(min(step, end - 1u), column + v * SUBGROUP * 4u, params.n);
        far[v] = b_at(min(step + 1u, end - 1u), column + v * SUBGROUP * 4u, params.n);
      }
      multiply_rows(&sum, &piece, &near, &far, 0u, half);
      multiply_rows(&sum, &piece, &near, &far, FIFTH, half);
      multiply_rows(&sum, &piece, &near, &far, 2u * FIFTH, half);
      multiply_rows(&sum, &piece, &near, &far, 3u * FIFTH, half);
      multiply_rows(&sum, &piece, &near, &far, 4u * FIFTH, half);
    }
  }
  store_rows(row, column, wg.z, &sum, 0u);
  store_rows(row, column, wg.z, &sum, FIFTH);
  store_rows(row, column, wg.z, &sum, 2u * FIFTH);
  store_rows(row, column, wg.z, &sum, 3u * FIFTH);
  store_rows(row, column, wg.z, &sum, 4u * FIFTH);
}

// Two steps of a fifth of the rows.
fn multiply_rows(
  tile: ptr<function, Tile>,
  piece: ptr<function, Piece>,
  near: ptr<function, Factors>,
  far: ptr<function, Factors>,
  first: u32,
  half: u32,
) {
  for (var i = 0u; i < FIFTH; i++) {
    let r = first + i;
    if (r >= ROWS) { break; }
    let left = element_of(piece, r, 0u, half);
    let right = element_of(piece, r, 1u, half);
    for (var v = 0u; v < WORDS; v++) {
      let sum = (*tile)[r * WORDS + v] + left * (*near)[v];
      (*tile)[r * WORDS + v] = sum + right * (*far)[v];
    }
  }
}

// Row `r` of step `step` of either half of a piece; see multiply_add. Which half is told by a select, because an index that is no
// constant would put the piece into memory.
fn element_of(piece: ptr<function, Piece>, r: u32, step: u32, half: u32) -> f32 {
  //#if ${TRANS_A}
  let word = step * QUADS + r / 4u;
  let later = word + 2u * QUADS;
  let value = select((*piece)[word / SUBGROUP][r % 4u], (*piece)[later / SUBGROUP][r % 4u], half == 1u);
  return subgroupShuffle(value, select(word % SUBGROUP, later % SUBGROUP, half == 1u));
  //#else
  let value = select((*piece)[r / SUBGROUP][step], (*piece)[r / SUBGROUP][step + 2u], half == 1u);
  return subgroupShuffle(value, r % SUBGROUP);
  //#endif
}

fn store_rows(row: u32, column: u32, slice: u32, tile: ptr<function, Tile>, first: u32) {
  for (var i = 0u; i < FIFTH; i++) {
    let r = first + i;
    if (r >= ROWS) { break; }
    for (var v = 0u; v < WORDS; v++) {
      let at = column + v * SUBGROUP * 4u;
      store(row + r, at, slice, finish(row + r, at, (*tile)[r * WORDS + v]));
    }
  }
}
