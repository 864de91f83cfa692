// Matrix product, the subgroup rung: one subgroup computes ROWS × (4 · WORDS · SUBGROUP) elements of c in registers. Its
// lanes load a piece of op(a) together, four steps of k at once, and hand the elements round by shuffle, so that an
// element of op(a) costs one lane one load, and an element of op(b) serves ROWS multiply-adds. Needs subgroups of one
// known size; no workgroup memory, no barriers. The best rung where such memory is slow (software adapters).
//   c = activate(op(a) · op(b) + bias); shapes as in naive.wgsl; slice z of k goes to the z-th matrix of c
// VEC_A, VEC_B, VEC_C: rows of the stored matrix are whole vec4 words. Reads beyond an edge are clamped to it, and op(a)
// is zero beyond the last k, so that nothing else leaks in.

enable subgroups;

const SUBGROUP: u32 = 8u;
const ROWS: u32 = 16u;
const WORDS: u32 = 2u;
const LOADS: u32 = (ROWS + SUBGROUP - 1u) / SUBGROUP;
const QUADS: u32 = ROWS / 4u;

struct Params {
  m: u32,
  n: u32,
  k: u32,
  slice: u32,  // steps of k in a slice, a multiple of 4
}

@group(0) @binding(0) var<uniform> params: Params;
//#if ${VEC_A}
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
//#else
@group(0) @binding(1) var<storage, read> a: array<f32>;
//#endif
//#if ${VEC_B}
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
//#else
@group(0) @binding(2) var<storage, read> b: array<f32>;
//#endif
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
//#if ${VEC_C}
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>;
//#else
@group(0) @binding(4) var<storage, read_write> c: array<f32>;
//#endif

fn activate(z: vec4f) -> vec4f {
  var value = z;
  //#if ${RELU}
  value = max(value, vec4f(0.0));
  //#endif
  //#if ${TANH}
  value = tanh(clamp(value, vec4f(-15.0), vec4f(15.0)));  // some drivers' tanh is inf / inf far out
  //#endif
  //#if ${SIGMOID}
  value = 1.0 / (1.0 + exp(-max(value, vec4f(-80.0))));
  //#endif
  return value;
}

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

fn store(row: u32, column: u32, slice: u32, value: vec4f) {
  if (row >= params.m || column >= params.n) { return; }
  let at = (slice * params.m + row) * params.n + column;
  //#if ${VEC_C}
  c[at / 4u] = value;
  //#else
  c[at] = value.x;
  if (column + 1u < params.n) { c[at + 1u] = value.y; }
  if (column + 2u < params.n) { c[at + 2u] = value.z; }
  if (column + 3u < params.n) { c[at + 3u] = value.w; }
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
  let column = (tile / down * WORDS * SUBGROUP + lane) * 4u;
  if (tile / down * WORDS * SUBGROUP * 4u >= params.n) { return; }
  let end = min(params.k, (wg.z + 1u) * params.slice);
  var sum: array<vec4f, ROWS * WORDS>;
  for (var k = wg.z * params.slice; k < end; k += 4u) {
    var piece: array<vec4f, LOADS>;
    for (var i = 0u; i < LOADS; i++) {
      piece[i] = load_a(row, k, i * SUBGROUP + lane, end);
    }
    //#if ${TRANS_B}
    var turned: array<vec4f, WORDS * 4u>;
    for (var i = 0u; i < WORDS * 4u; i++) {
      let source = column + i / 4u * SUBGROUP * 4u + i % 4u;
      turned[i] = b_at(min(source, params.n - 1u), k, params.k);
    }
    //#endif
    for (var step = 0u; step < 4u; step++) {
      var words: array<vec4f, WORDS>;
      for (var w = 0u; w < WORDS; w++) {
        //#if ${TRANS_B}
        words[w] = vec4f(turned[w * 4u][step], turned[w * 4u + 1u][step],
          turned[w * 4u + 2u][step], turned[w * 4u + 3u][step]);
        //#else
        words[w] = b_at(min(k + step, end - 1u), column + w * SUBGROUP * 4u, params.n);
        //#endif
      }
      for (var i = 0u; i < ROWS; i++) {
        //#if ${TRANS_A}
        let source = step * QUADS + i / 4u;
        let value = subgroupShuffle(piece[source / SUBGROUP][i % 4u], source % SUBGROUP);
        //#else
        let value = subgroupShuffle(piece[i / SUBGROUP][step], i % SUBGROUP);
        //#endif
        for (var w = 0u; w < WORDS; w++) { sum[i * WORDS + w] += value * words[w]; }
      }
    }
  }
  for (var w = 0u; w < WORDS; w++) {
    let at = column + w * SUBGROUP * 4u;
    var offset = vec4f();
    //#if ${HAS_BIAS}
    offset = bias[min(at, params.n - 1u) / 4u];
    //#endif
    for (var i = 0u; i < ROWS; i++) {
      store(row + i, at, wg.z, activate(sum[i * WORDS + w] + offset));
    }
  }
}
