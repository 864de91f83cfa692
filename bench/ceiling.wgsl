// What an adapter can do at most: multiply-adds between registers, and a copy between buffers.

struct Params {
  rounds: u32,
  vectors: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// Eight independent chains an invocation, so that no multiply-add waits for another.
@compute @workgroup_size(64)
fn multiply_add(@builtin(global_invocation_id) id: vec3u) {
  let a = x[0];
  var c: array<vec4f, 8>;
  for (var i = 0u; i < 8u; i++) { c[i] = vec4f(f32(id.x + i)); }
  for (var round = 0u; round < params.rounds; round++) {
    for (var i = 0u; i < 8u; i++) { c[i] = c[i] * a + a; }
  }
  var sum = vec4f();
  for (var i = 0u; i < 8u; i++) { sum += c[i]; }
  y[id.x] = sum;
}

@compute @workgroup_size(64)
fn copy(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (wg.y * groups.x + wg.x) * 64u + local;
  if (i < params.vectors) { y[i] = x[i]; }
}
