// Matrix product, the tiled rung: the invocations of a workgroup compute a tile of c together, by default 256 of them 64 × 64
// elements, 4 × 4 each. Tiles of op(a) and op(b), 16 steps of k deep, pass through workgroup memory, so that an element is
// read from global memory once for 64 multiply-adds, and from workgroup memory once for 4. The next tiles are under way while
// these are multiplied. Tiles of other sizes are the rung's variants (ops/gemm/tiles.ts).
//   c = activate(op(a) · op(b) + bias); shapes as in naive.wgsl; slice z of k goes to the z-th matrix of c
// VEC_A, VEC_B, VEC_C: rows of the stored matrix are whole vec4 words. Where these lie along k and not along the tile's edge,
// they are loaded in BLOCK_A or BLOCK_B, four rows of four steps, and turned; elsewhere VEC_A asks for TRANS_A, VEC_B for none.
// MATRIX: the rung subgroup-matrix; HALVES: for operands that are f16.

//#include "lib/product-tile.wgsl"
//#include "lib/gemm-operands.wgsl"

// Four rows of op(a) at step k; rows beyond the last repeat it.
fn a_at(row: u32, k: u32) -> vec4f {
  //#if ${VEC_A}
  return a[(k * params.m + min(row, params.m - 4u)) / 4u];
  //#else
  let last = params.m - 1u;
  let rows = vec4u(row, min(row + 1u, last), min(row + 2u, last), min(row + 3u, last));
  var at = min(rows, vec4u(last)) * params.k + k;
  //#if ${TRANS_A}
  at = k * params.m + min(rows, vec4u(last));
  //#endif
  return vec4f(a[at.x], a[at.y], a[at.z], a[at.w]);
  //#endif
}

// Four columns of op(b) at step k.
fn b_at(column: u32, k: u32) -> vec4f {
  //#if ${VEC_B}
  return b[(k * params.n + min(column, params.n - 4u)) / 4u];
  //#else
  let last = vec4u(params.n - 1u);
  let columns = min(vec4u(column, column + 1u, column + 2u, column + 3u), last);
  var at = k * params.n + columns;
  //#if ${TRANS_B}
  at = columns * params.k + k;
  //#endif
  return vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
  //#endif
}

// Four rows of op(a), or four columns of op(b), of four steps each from k on; turned, so that a word is of one step.
//#if ${BLOCK_A}
fn a_block(row: u32, k: u32) -> mat4x4f {
  let rows = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.m - 1u));
  let at = (rows * params.k + k) / 4u;
  return transpose(mat4x4f(a[at.x], a[at.y], a[at.z], a[at.w]));
}
//#endif
//#if ${BLOCK_B}
fn b_block(column: u32, k: u32) -> mat4x4f {
  let columns = min(vec4u(column, column + 1u, column + 2u, column + 3u), vec4u(params.n - 1u));
  let at = (columns * params.k + k) / 4u;
  return transpose(mat4x4f(b[at.x], b[at.y], b[at.z], b[at.w]));
}
//#endif

// Where word `i` of those that an invocation loads lies in the tile.
fn left_at(local: u32, i: u32) -> vec2u {
  //#if ${BLOCK_A}
  return block_at(local + i / 4u * INVOCATIONS) + vec2u(0u, i % 4u);
  //#elif ${TRANS_A}
  return along_edge(local + i * INVOCATIONS, ROW_WORDS);
  //#else
  return along_sum(local + i * INVOCATIONS);
  //#endif
}

fn right_at(local: u32, i: u32) -> vec2u {
  //#if ${BLOCK_B}
  return block_at(local + i / 4u * INVOCATIONS) + vec2u(0u, i % 4u);
  //#elif ${TRANS_B}
  return along_sum(local + i * INVOCATIONS);
  //#else
  return along_edge(local + i * INVOCATIONS, COLUMN_WORDS);
  //#endif
}

// What an invocation loads of op(a) from step k on; zero from `end` on.
fn load_left(local: u32, row: u32, k: u32, end: u32) -> LeftWords {
  var words: LeftWords;
  //#if ${BLOCK_A}
  for (var i = 0u; i < LEFT_LOADS; i += 4u) {
    let at = left_at(local, i);
    let block = a_block(row + at.x * 4u, min(k + at.y, end - 4u));
    for (var j = 0u; j < 4u; j++) { words[i + j] = select(vec4f(), block[j], k + at.y < end); }
  }
  //#else
  for (var i = 0u; i < LEFT_LOADS; i++) {
    let at = left_at(local, i);
    words[i] = select(vec4f(), a_at(row + at.x * 4u, min(k + at.y, end - 1u)), k + at.y < end);
  }
  //#endif
  return words;
}

fn load_right(local: u32, column: u32, k: u32, end: u32) -> RightWords {
  var words: RightWords;
  //#if ${BLOCK_B}
  for (var i = 0u; i < RIGHT_LOADS; i += 4u) {
    let at = right_at(local, i);
    let block = b_block(column + at.x * 4u, min(k + at.y, end - 4u));
    for (var j = 0u; j < 4u; j++) { words[i + j] = select(vec4f(), block[j], k + at.y < end); }
  }
  //#else
  for (var i = 0u; i < RIGHT_LOADS; i++) {
    let at = right_at(local, i);
    words[i] = select(vec4f(), b_at(column + at.x * 4u, min(k + at.y, end - 1u)), k + at.y < end);
  }
  //#endif
  return words;
}

fn put_out(at: vec3u, sum: vec4f) { store(at.x, at.y, at.z, finish(at.x, at.y, sum)); }

@compute @workgroup_size(INVOCATIONS)
fn multiply(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  //#if ${MATRIX}
  @builtin(subgroup_id) subgroup: u32,
  //#endif
  @builtin(local_invocation_index) local: u32,
) {
  let tile = wg.y * groups.x + wg.x;
  let across = (params.n + TILE_COLUMNS - 1u) / TILE_COLUMNS;
  let row = tile / across * TILE_ROWS;
  if (row >= params.m) { return; }
  let column = tile % across * TILE_COLUMNS;
  let end = min(params.k, (wg.z + 1u) * params.slice);
  //#if ${MATRIX}
  let mine = place_in_tile(subgroup);
  //#else
  let mine = place_in_tile(local);
  //#endif
  var k = wg.z * params.slice;
  var left = load_left(local, row, k, end);
  var right = load_right(local, column, k, end);
  var sums: Sums;
  while (k < end) {
    for (var i = 0u; i < LEFT_LOADS; i++) { put_left(left_at(local, i), left[i]); }
    for (var i = 0u; i < RIGHT_LOADS; i++) {
      if (is_right(local + i * INVOCATIONS)) { put_right(right_at(local, i), right[i]); }
    }
    workgroupBarrier();
    k += DEPTH;
    left = load_left(local, row, k, end);
    right = load_right(local, column, k, end);
    multiply_tiles(&sums, mine);
    workgroupBarrier();
  }
  finish_tile(&sums, mine, local, vec3u(row, column, wg.z));
}
