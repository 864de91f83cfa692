// What an adapter can do at most: multiply-adds between registers, words read, written, copied and added, and a dispatch
// that does nothing. Each over several widths and sizes, because which of them is the fastest is the adapter's affair.

struct Params {
  rounds: u32,  // how often everything is done
  words: u32,   // vec4 words of each buffer
  stride: u32,  // from one word of an invocation to its next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

// A column of a matrix is a chain of its own, so that no multiply-add waits for another. Too few chains wait, too many
// do not fit into the registers. Four turns of the loop are written out, for the loop costs as much as a turn.
@compute @workgroup_size(64)
fn multiply_add_4(@builtin(global_invocation_id) id: vec3u) {
  let scale = a[0].x;
  let more = mat4x4f(a[0], a[0], a[0], a[0]);
  var c = more * f32(id.x);
  for (var round = 0u; round < params.rounds; round++) {
    c = c * scale + more;
    c = c * scale + more;
    c = c * scale + more;
    c = c * scale + more;
  }
  y[id.x] = c[0] + c[1] + c[2] + c[3];
}

@compute @workgroup_size(64)
fn multiply_add_6(@builtin(global_invocation_id) id: vec3u) {
  let scale = a[0].x;
  let more = mat4x4f(a[0], a[0], a[0], a[0]);
  let less = mat2x4f(a[0], a[0]);
  var c = more * f32(id.x);
  var d = less * f32(id.x + 1u);
  for (var round = 0u; round < params.rounds; round++) {
    c = c * scale + more;
    d = d * scale + less;
    c = c * scale + more;
    d = d * scale + less;
    c = c * scale + more;
    d = d * scale + less;
    c = c * scale + more;
    d = d * scale + less;
  }
  y[id.x] = c[0] + c[1] + c[2] + c[3] + d[0] + d[1];
}

@compute @workgroup_size(64)
fn multiply_add_8(@builtin(global_invocation_id) id: vec3u) {
  let scale = a[0].x;
  let more = mat4x4f(a[0], a[0], a[0], a[0]);
  var c = more * f32(id.x);
  var d = more * f32(id.x + 1u);
  for (var round = 0u; round < params.rounds; round++) {
    c = c * scale + more;
    d = d * scale + more;
    c = c * scale + more;
    d = d * scale + more;
    c = c * scale + more;
    d = d * scale + more;
    c = c * scale + more;
    d = d * scale + more;
  }
  y[id.x] = c[0] + c[1] + c[2] + c[3] + d[0] + d[1] + d[2] + d[3];
}

@compute @workgroup_size(64)
fn read_words(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var round = 0u; round < params.rounds; round++) {
    for (var i = id.x; i < params.words; i += params.stride) { sum += a[i]; }
  }
  y[id.x] = sum;
}

@compute @workgroup_size(64)
fn write_words(@builtin(global_invocation_id) id: vec3u) {
  for (var round = 0u; round < params.rounds; round++) {
    for (var i = id.x; i < params.words; i += params.stride) { y[i] = vec4f(f32(round)); }
  }
}

@compute @workgroup_size(64)
fn copy_words(@builtin(global_invocation_id) id: vec3u) {
  for (var round = 0u; round < params.rounds; round++) {
    for (var i = id.x; i < params.words; i += params.stride) { y[i] = a[i]; }
  }
}

@compute @workgroup_size(64)
fn add_words(@builtin(global_invocation_id) id: vec3u) {
  for (var round = 0u; round < params.rounds; round++) {
    for (var i = id.x; i < params.words; i += params.stride) { y[i] = a[i] + b[i]; }
  }
}

@compute @workgroup_size(1)
fn nothing() {
  y[0] = vec4f();
}
