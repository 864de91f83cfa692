// Counts the elements of a tensor that are infinite or NaN, told by their bits: compilers may suppose that there are none.
//   counts[slot] += number of x with all bits of the exponent set
// Integers only, so the order in which workgroups add theirs makes no difference.

//#include "lib/word-elements.wgsl"

struct Params {
  elements: u32,
  vectors: u32,  // vec4 words in x
  stride: u32,   // from one word of an invocation to its next
  slot: u32,     // of counts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> scratch: array<u32, 64>;

@compute @workgroup_size(64)
fn count(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = (wg.y * groups.x + wg.x) * 64u + local;
  var found = vec4u(0u);
  if (first < params.stride) {
    for (var i = first; i < params.vectors; i += params.stride) {
      let is_element = word_elements(i, params.elements);
      let is_odd = (x[i] & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
      found += select(vec4u(0u), vec4u(1u), is_odd & is_element);
    }
  }
  scratch[local] = found.x + found.y + found.z + found.w;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { scratch[local] += scratch[local + half]; }
  }
  if (local == 0u && scratch[0] > 0u) { atomicAdd(&counts[params.slot], scratch[0]); }
}
