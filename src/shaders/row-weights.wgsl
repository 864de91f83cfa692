// What each row of a batch counts for in the loss: the weight of its class, times its own.
//   row_weights[n] = class_weights[labels[n]] · sample_weights[order[cursor + n]]
//   labels (N)   class_weights (K)   sample_weights (rows)   order (…) u32   clock (step, cursor)   ->   row_weights (N)

struct Params {
  batch: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> class_weights: array<f32>;
@group(0) @binding(3) var<storage, read> sample_weights: array<f32>;
@group(0) @binding(4) var<storage, read> order: array<u32>;
@group(0) @binding(5) var<storage, read> clock: array<u32>;
@group(0) @binding(6) var<storage, read_write> row_weights: array<f32>;

@compute @workgroup_size(64)
fn weigh(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.batch) { return; }
  var weight = 1.0;
  //#if ${OF_CLASSES}
  weight = class_weights[min(labels[n], params.classes - 1u)];
  //#endif
  //#if ${OF_SAMPLES}
  weight *= sample_weights[order[clock[1] + n]];
  //#endif
  row_weights[n] = weight;
}
