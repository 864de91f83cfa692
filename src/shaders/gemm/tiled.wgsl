// Matrix product, the tiled rung: 256 invocations compute 64 × 64 elements of c, 4 × 4 each. Tiles of op(a) and op(b),
// 16 steps of k deep, pass through workgroup memory, so that an element is read from global memory once for 64
// multiply-adds, and from workgroup memory once for 4. The next tiles are under way while these are multiplied.
//   c = activate(op(a) · op(b) + bias); shapes as in naive.wgsl; slice z of k goes to the z-th matrix of c
// VEC_A, VEC_B, VEC_C: rows of the stored matrix are whole vec4 words; VEC_A asks for TRANS_A, VEC_B for no TRANS_B,
// since a word must lie along the tile's edge and not along k.

//#include "lib/gemm-operands.wgsl"

const DEPTH: u32 = 16u;
// In words. One more than 64 elements need: invocations that differ in k then write to different banks.
const STRIDE: u32 = 17u;

var<workgroup> a_tile: array<vec4f, DEPTH * STRIDE>;
var<workgroup> b_tile: array<vec4f, DEPTH * STRIDE>;

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

// Where in a tile an invocation loads: x the word, y the step of k. Neighbours read neighbouring addresses.
fn along_edge(local: u32) -> vec2u { return vec2u(local % 16u, local / 16u); }
fn along_k(local: u32) -> vec2u { return vec2u(local / 16u, local % 16u); }

@compute @workgroup_size(256)
fn multiply(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = wg.y * groups.x + wg.x;
  let across = (params.n + 63u) / 64u;
  let row = tile / across * 64u;
  if (row >= params.m) { return; }
  let column = tile % across * 64u;
  let end = min(params.k, (wg.z + 1u) * params.slice);
  var at_a = along_k(local);
  //#if ${TRANS_A}
  at_a = along_edge(local);
  //#endif
  var at_b = along_edge(local);
  //#if ${TRANS_B}
  at_b = along_k(local);
  //#endif
  let mine = vec2u(local % 16u, local / 16u);
  var k = wg.z * params.slice;
  var next_a = a_at(row + at_a.x * 4u, min(k + at_a.y, end - 1u));
  var next_b = b_at(column + at_b.x * 4u, min(k + at_b.y, end - 1u));
  var sum: array<vec4f, 4>;
  while (k < end) {
    // Zero beyond the last k in op(a) suffices: op(b) repeats its last row there.
    a_tile[at_a.y * STRIDE + at_a.x] = select(vec4f(), next_a, k + at_a.y < end);
    b_tile[at_b.y * STRIDE + at_b.x] = next_b;
    workgroupBarrier();
    k += DEPTH;
    next_a = a_at(row + at_a.x * 4u, min(k + at_a.y, end - 1u));
    next_b = b_at(column + at_b.x * 4u, min(k + at_b.y, end - 1u));
    for (var step = 0u; step < DEPTH; step++) {
      let left = a_tile[step * STRIDE + mine.y];
      let right = b_tile[step * STRIDE + mine.x];
      for (var i = 0u; i < 4u; i++) { sum[i] += left[i] * right; }
    }
    workgroupBarrier();
  }
  let at = column + mine.x * 4u;
  for (var i = 0u; i < 4u; i++) {
    let mine_row = row + mine.y * 4u + i;
    store(mine_row, at, wg.z, finish(mine_row, at, sum[i]));
  }
}
