// The register tile of a matrix product: a subgroup holds ROWS rows of it, a lane WORDS vec4 words of each, a subgroup
// apart. The lanes load a piece of the left operand together, four steps of the sum at once, and hand its elements round
// by shuffle, so that an element costs one lane one load; a word of the right operand serves ROWS multiply-adds.
// Its arrays live in registers only while the loops over them are unrolled: see bench/NOTES.md.

const SUBGROUP: u32 = 8u;
const ROWS: u32 = 16u;  // a multiple of 4
const WORDS: u32 = 2u;
const LOADS: u32 = (ROWS + SUBGROUP - 1u) / SUBGROUP;  // words of a piece that a lane loads
const QUADS: u32 = ROWS / 4u;

alias Tile = array<vec4f, ROWS * WORDS>;
alias Piece = array<vec4f, LOADS>;
alias Factors = array<vec4f, WORDS>;
alias Turned = array<vec4f, WORDS * 4u>;

// The first column of a lane in the tile `across`, counted from the left.
fn first_column(across: u32, lane: u32) -> u32 {
  return (across * WORDS * SUBGROUP + lane) * 4u;
}

// The word of a row of `width` elements where a lane's word `v` lies; the last one for those beyond.
fn word_at(column: u32, v: u32, width: u32) -> u32 {
  return min(column + v * SUBGROUP * 4u, width - 4u) / 4u;
}

// Adds step `step` of a piece, times the factors. A word of a piece is four steps of a row, word r being row r; or with
// TRANS_A, where rows lie side by side in memory, four rows of a step.
fn multiply_add(tile: ptr<function, Tile>, piece: ptr<function, Piece>, factors: ptr<function, Factors>, step: u32) {
  for (var r = 0u; r < ROWS; r++) {
//#if ${TRANS_A}
    let word = step * QUADS + r / 4u;
    let value = subgroupShuffle((*piece)[word / SUBGROUP][r % 4u], word % SUBGROUP);
//#else
    let value = subgroupShuffle((*piece)[r / SUBGROUP][step], r % SUBGROUP);
//#endif
    for (var v = 0u; v < WORDS; v++) { (*tile)[r * WORDS + v] += value * (*factors)[v]; }
  }
}

// Step `step` of the four columns of a word that were read along their length.
fn turned_word(turned: ptr<function, Turned>, v: u32, step: u32) -> vec4f {
  let e = v * 4u;
  return vec4f((*turned)[e][step], (*turned)[e + 1u][step], (*turned)[e + 2u][step], (*turned)[e + 3u][step]);
}
