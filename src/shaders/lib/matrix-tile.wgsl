// The part of product-tile.wgsl in which a subgroup multiplies: SUBGROUPS_DOWN of them lie below each other in a tile, the others beside
// these. What a subgroup holds together only leaves it through workgroup memory, a line of its matrices at a time.

const SUBGROUP: u32 = 32u;
const SUBGROUPS_DOWN: u32 = 2u;
const MATRIX_ROWS: u32 = 16u;     // of a matrix of the result
const MATRIX_COLUMNS: u32 = 16u;
const MATRIX_DEPTH: u32 = 16u;

const SUBGROUPS_ACROSS = INVOCATIONS / SUBGROUP / SUBGROUPS_DOWN;
const SUBGROUP_ROWS = TILE_ROWS / SUBGROUPS_DOWN;
const SUBGROUP_COLUMNS = TILE_COLUMNS / SUBGROUPS_ACROSS;
const MATRICES_DOWN = SUBGROUP_ROWS / MATRIX_ROWS;
const MATRICES_ACROSS = SUBGROUP_COLUMNS / MATRIX_COLUMNS;
const LINE_ROWS = SUBGROUPS_DOWN * MATRIX_ROWS;

alias Left = subgroup_matrix_left<Component, MATRIX_DEPTH, MATRIX_ROWS>;
alias Right = subgroup_matrix_right<Component, MATRIX_COLUMNS, MATRIX_DEPTH>;
alias Result = subgroup_matrix_result<f32, MATRIX_COLUMNS, MATRIX_ROWS>;
alias Sums = array<array<Result, MATRICES_ACROSS>, MATRICES_DOWN>;

// A line of every subgroup's matrices, on their way out.
var<workgroup> line: array<f32, LINE_ROWS * TILE_COLUMNS>;

// The place of a subgroup: x the first of its columns, y of its rows.
fn place_in_tile(subgroup: u32) -> vec2u {
  return vec2u(subgroup % SUBGROUPS_ACROSS * SUBGROUP_COLUMNS, subgroup / SUBGROUPS_ACROSS * SUBGROUP_ROWS);
}

// Adds the products of the steps in workgroup memory.
fn multiply_tiles(sums: ptr<function, Sums>, mine: vec2u) {
  for (var step = 0u; step < DEPTH; step += MATRIX_DEPTH) {
    var right: array<Right, MATRICES_ACROSS>;
    for (var v = 0u; v < MATRICES_ACROSS; v++) {
      let at = step * RIGHT_STRIDE + (mine.x + v * MATRIX_COLUMNS) / 4u;
      right[v] = subgroupMatrixLoad<Right, row_major>(&right_tile, at, RIGHT_STRIDE);
    }
    for (var r = 0u; r < MATRICES_DOWN; r++) {
      let at = step * LEFT_STRIDE + (mine.y + r * MATRIX_ROWS) / 4u;
      let left = subgroupMatrixLoad<Left, col_major>(&left_tile, at, LEFT_STRIDE);
      for (var v = 0u; v < MATRICES_ACROSS; v++) {
        (*sums)[r][v] = subgroupMatrixMultiplyAccumulate(left, right[v], (*sums)[r][v]);
      }
    }
  }
}

// Hands out the sums, from the tile's first row and column (x, y) on; z is the includer's.
fn finish_tile(sums: ptr<function, Sums>, mine: vec2u, local: u32, origin: vec3u) {
  for (var r = 0u; r < MATRICES_DOWN; r++) {
    let first = mine.y / SUBGROUP_ROWS * MATRIX_ROWS * TILE_COLUMNS + mine.x;
    for (var v = 0u; v < MATRICES_ACROSS; v++) {
      subgroupMatrixStore<row_major>(&line, first + v * MATRIX_COLUMNS, (*sums)[r][v], TILE_COLUMNS);
    }
    workgroupBarrier();
    for (var i = local; i < LINE_ROWS * COLUMN_WORDS; i += INVOCATIONS) {
      let at = i / COLUMN_WORDS;
      let row = at / MATRIX_ROWS * SUBGROUP_ROWS + r * MATRIX_ROWS + at % MATRIX_ROWS;
      let word = vec4f(line[4u * i], line[4u * i + 1u], line[4u * i + 2u], line[4u * i + 3u]);
      put_out(origin + vec3u(row, i % COLUMN_WORDS * 4u, 0u), word);
    }
    workgroupBarrier();
  }
}
