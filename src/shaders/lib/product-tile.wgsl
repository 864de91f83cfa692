// The tile of a matrix product that a workgroup computes: TILE_ROWS × TILE_COLUMNS elements, THREAD_ROWS × THREAD_COLUMNS of
// them in the registers of an invocation. DEPTH steps of the sum lie in workgroup memory at a time, as vec4 words along the
// tile's edges. An invocation's words are as far apart as there are invocations along the edge, so that neighbours read
// neighbouring words. Every element is summed step by step, whatever the tile: all tiles give the same bits.
// What tiles there are is ops/gemm/tiles.ts. What is loaded is the includer's, and `put_out`, which takes four elements of the result.
// MATRIX: the subgroups of a workgroup multiply matrices that they hold together, summed in f32, each its own part of the tile. Not step by
// step: bits are the adapter's. HALVES: they are of f16, and so is what is in workgroup memory; else all is f32.

//#if ${MATRIX}
//#if ${HALVES}
enable f16;
//#endif
enable subgroups;
enable chromium_experimental_subgroup_matrix;

//#endif
const TILE_ROWS: u32 = 64u;
const TILE_COLUMNS: u32 = 64u;
const THREAD_ROWS: u32 = 4u;     // a multiple of 4, as are all of these
const THREAD_COLUMNS: u32 = 4u;
const DEPTH: u32 = 16u;

const ROW_WORDS = TILE_ROWS / 4u;
const COLUMN_WORDS = TILE_COLUMNS / 4u;
const DOWN = TILE_ROWS / THREAD_ROWS;
const ACROSS = TILE_COLUMNS / THREAD_COLUMNS;
const INVOCATIONS = DOWN * ACROSS;
const THREAD_WORDS = THREAD_COLUMNS / 4u;
//#if ${MATRIX}
// Matrices begin at multiples of 16 bytes, two words of f16.
const LEFT_STRIDE = ROW_WORDS + 2u;
const RIGHT_STRIDE = COLUMN_WORDS + 2u;
//#if ${HALVES}
alias TileWord = vec4h;
alias Component = f16;
//#else
alias TileWord = vec4f;
alias Component = f32;
//#endif
//#else
// One word more than the edge needs: invocations that differ in the step then write to different banks.
const LEFT_STRIDE = ROW_WORDS + 1u;
const RIGHT_STRIDE = COLUMN_WORDS + 1u;
alias TileWord = vec4f;
//#endif
// Words that an invocation loads; of a narrow tile's right side not every one has any.
const LEFT_LOADS = DEPTH * ROW_WORDS / INVOCATIONS;
const RIGHT_WORDS = DEPTH * COLUMN_WORDS;
const RIGHT_LOADS = (RIGHT_WORDS + INVOCATIONS - 1u) / INVOCATIONS;
// Words of four steps.
const QUADS = DEPTH / 4u;

alias LeftWords = array<vec4f, LEFT_LOADS>;
alias RightWords = array<vec4f, RIGHT_LOADS>;

var<workgroup> left_tile: array<TileWord, DEPTH * LEFT_STRIDE>;
var<workgroup> right_tile: array<TileWord, DEPTH * RIGHT_STRIDE>;

// Where in a tile a word is loaded: x the word of the edge, y the step. Neighbours read neighbouring addresses: those along
// an edge of `words`, or those along the sum.
fn along_edge(load: u32, words: u32) -> vec2u { return vec2u(load % words, load / words); }
fn along_sum(load: u32) -> vec2u { return vec2u(load / DEPTH, load % DEPTH); }
// The same of blocks of four words, four steps long, which are loaded along the sum and turned.
fn block_at(load: u32) -> vec2u { return vec2u(load / QUADS, load % QUADS * 4u); }

// Whether there is such a word on the right side; all of most tiles' loads are.
fn is_right(load: u32) -> bool { return RIGHT_WORDS % INVOCATIONS == 0u || load < RIGHT_WORDS; }

fn put_left(at: vec2u, word: vec4f) { left_tile[at.y * LEFT_STRIDE + at.x] = TileWord(word); }
fn put_right(at: vec2u, word: vec4f) { right_tile[at.y * RIGHT_STRIDE + at.x] = TileWord(word); }

//#if ${MATRIX}
//#include "lib/matrix-tile.wgsl"
//#else
alias Sums = array<vec4f, THREAD_ROWS * THREAD_WORDS>;

// The place of an invocation: x among the words of the columns, y among those of the rows.
fn place_in_tile(local: u32) -> vec2u { return vec2u(local % ACROSS, local / ACROSS); }

// Row `r` and word `v` of those that an invocation sums, counted within the tile.
fn row_of(mine: vec2u, r: u32) -> u32 { return (mine.y + r / 4u * DOWN) * 4u + r % 4u; }
fn column_of(mine: vec2u, v: u32) -> u32 { return (mine.x + v * ACROSS) * 4u; }

// Adds the products of the steps in workgroup memory.
fn multiply_tiles(sums: ptr<function, Sums>, mine: vec2u) {
  for (var step = 0u; step < DEPTH; step++) {
    var right: array<vec4f, THREAD_WORDS>;
    for (var v = 0u; v < THREAD_WORDS; v++) {
      right[v] = right_tile[step * RIGHT_STRIDE + mine.x + v * ACROSS];
    }
    for (var quad = 0u; quad < THREAD_ROWS / 4u; quad++) {
      let left = left_tile[step * LEFT_STRIDE + mine.y + quad * DOWN];
      for (var r = 0u; r < 4u; r++) {
        for (var v = 0u; v < THREAD_WORDS; v++) {
          (*sums)[(quad * 4u + r) * THREAD_WORDS + v] += left[r] * right[v];
        }
      }
    }
  }
}

// Hands out the sums, from the tile's first row and column (x, y) on; z is the includer's.
fn finish_tile(sums: ptr<function, Sums>, mine: vec2u, local: u32, origin: vec3u) {
  for (var v = 0u; v < THREAD_WORDS; v++) {
    for (var r = 0u; r < THREAD_ROWS; r++) {
      put_out(origin + vec3u(row_of(mine, r), column_of(mine, v), 0u), (*sums)[r * THREAD_WORDS + v]);
    }
  }
}
//#endif
