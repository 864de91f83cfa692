// Elements of a tensor of four axes in another order: crops, flips, transpositions, repeated channels (ops/view.ts).
//   y[i0, i1, i2, i3] = x[base + Σ i_k · step_k]
//   dx[j]: the sum over those y that took it; axis k of y, seen from x: i_k = (j_k − start_k) / stride_k
// Backward, the axes are numbered as those of x; an axis that was repeated (stride 0) is summed over whole.

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,   // of what is written: y forward, dx backward
  extent_1: u32,   // of what is written; that of axis 0 is not needed
  extent_2: u32,
  extent_3: u32,
  base: i32,       // forward
  step_0: i32,     // forward: through x; backward: through dy
  step_1: i32,
  step_2: i32,
  step_3: i32,
  start_0: i32,    // backward
  start_1: i32,
  start_2: i32,
  start_3: i32,
  stride_0: i32,   // backward
  stride_1: i32,
  stride_2: i32,
  stride_3: i32,
  count_0: i32,    // backward: extents of dy along these axes
  count_1: i32,
  count_2: i32,
  count_3: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

// The place of element `i` of what is written.
fn place_of(i: u32) -> vec4i {
  let rows = i / params.extent_3;
  let planes = rows / params.extent_2;
  return vec4i(vec4u(
    planes / params.extent_1,
    planes % params.extent_1,
    rows % params.extent_2,
    i % params.extent_3,
  ));
}

fn steps() -> vec4i {
  return vec4i(params.step_0, params.step_1, params.step_2, params.step_3);
}

fn inner(a: vec4i, b: vec4i) -> i32 {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  y[i] = x[params.base + inner(place_of(i), steps())];
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let starts = vec4i(params.start_0, params.start_1, params.start_2, params.start_3);
  let strides = vec4i(params.stride_0, params.stride_1, params.stride_2, params.stride_3);
  let counts = vec4i(params.count_0, params.count_1, params.count_2, params.count_3);
  let repeated = strides == vec4i(0);
  let divisors = select(strides, vec4i(1), repeated);
  let apart = place_of(i) - starts;
  let at = select(apart / divisors, vec4i(0), repeated);
  let stepped = (at * divisors == apart) & (at >= vec4i(0)) & (at < counts);
  let taken = select(stepped, apart == vec4i(0), repeated);
  var sum = 0.0;
  if (all(taken)) {
    let repeats = select(vec4i(1), counts, repeated);
    for (var r0 = 0; r0 < repeats.x; r0++) {
      for (var r1 = 0; r1 < repeats.y; r1++) {
        for (var r2 = 0; r2 < repeats.z; r2++) {
          for (var r3 = 0; r3 < repeats.w; r3++) {
            sum += dy[inner(at + vec4i(r0, r1, r2, r3), steps())];
          }
        }
      }
    }
  }
  dx[i] = sum;
}
