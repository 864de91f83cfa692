// Column sums of a row-major matrix, in a fixed order.
//   y[c] = Σ x[r, c]
//   x: rows × columns     y: columns
// For matrices of some thousand rows at most: one workgroup sums its columns whole.

const SIZE: u32 = 64u;

struct Params {
  rows: u32,
  columns: u32,
  width: u32,  // columns of a workgroup, a power of two; SIZE / width invocations share each
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, SIZE>;

@compute @workgroup_size(SIZE)
fn forward(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = wg.x * params.width + local % params.width;
  let slices = SIZE / params.width;
  var sum = 0.0;
  if (column < params.columns) {
    for (var r = local / params.width; r < params.rows; r += slices) {
      sum += x[r * params.columns + column];
    }
  }
  sums[local] = sum;
  for (var half = SIZE / 2u; half >= params.width; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local < params.width && column < params.columns) { y[column] = sums[local]; }
}
