// What the elements of a tensor look like: mean, deviation, extremes, zeros, what is not finite, and a histogram. In three stages.
//   summarise   a workgroup a chunk: n, mean, M2 = Σ(x − mean)², min, max       x (elements) -> partials
//   combine     chunks one after another, by Chan, Golub and LeVeque (1983):
//               mean += δ·n_b/n     M2 += M2_b + δ²·n_a·n_b/n     δ = mean_b − mean_a
//   bin         32 equal bins from min to max; integers only, so their order makes no difference
// What is infinite or NaN is counted, and takes no part in the rest. With DIFFERENCE, of x − before.
// A record is 40 words: mean, deviation, min, max (f32), n, zeros, non-finite, 0 (u32), and the bins (u32).

//#include "lib/invocation.wgsl"
//#include "lib/lane-sum.wgsl"
//#include "lib/word-elements.wgsl"

const BINS: u32 = 32u;
const HEADER: u32 = 8u;
const LARGEST: f32 = 3.4028234663852886e38;

struct Params {
  elements: u32,       // of x
  vectors: u32,        // vec4 words in x
  per_group: u32,      // of them, of each workgroup
  first_partial: u32,  // that this dispatch writes
  partials: u32,       // of the whole tensor
  slot: u32,           // which record
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> before: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> moments: array<vec4f>;  // mean, M2, min, max
@group(0) @binding(4) var<storage, read_write> counts: array<vec4u>;   // n, zeros, non-finite
@group(0) @binding(5) var<storage, read> all_moments: array<vec4f>;
@group(0) @binding(6) var<storage, read> all_counts: array<vec4u>;
@group(0) @binding(7) var<storage, read_write> records: array<atomic<u32>>;
@group(0) @binding(8) var<storage, read_write> copy: array<vec4u>;

struct Word {
  value: vec4f,         // 0 where it is no finite number
  is_finite: vec4<bool>,
  is_odd: vec4<bool>,   // infinite or NaN
}

fn word_at(i: u32) -> Word {
  var bits = x[i];
//#if ${DIFFERENCE}
  bits = bitcast<vec4u>(bitcast<vec4f>(bits) - bitcast<vec4f>(before[i]));
//#endif
  let is_element = word_elements(i, params.elements);
  // Told by the bits: compilers may suppose that there is no such number.
  let is_odd = (bits & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
  let is_finite = is_element & !is_odd;
  let value = bitcast<vec4f>(select(vec4u(0u), bits, is_finite));
  return Word(value, is_finite, is_element & is_odd);
}

fn number_of(is: vec4<bool>) -> f32 {
  let ones = select(vec4f(0.0), vec4f(1.0), is);
  return ones.x + ones.y + ones.z + ones.w;
}

var<workgroup> extremes: array<vec2f, 64>;

fn extremes_over(low: vec4f, high: vec4f, local: u32) -> vec2f {
  extremes[local] = vec2f(
    min(min(low.x, low.y), min(low.z, low.w)), max(max(high.x, high.y), max(high.z, high.w)));
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      let other = extremes[local + half];
      extremes[local] = vec2f(min(extremes[local].x, other.x), max(extremes[local].y, other.y));
    }
  }
  workgroupBarrier();
  return extremes[0];
}

@compute @workgroup_size(64)
fn summarise(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = wg.x * params.per_group;
  let end = min(first + params.per_group, params.vectors);
  var sums = vec4f(0.0);
  var low = vec4f(LARGEST);
  var high = vec4f(-LARGEST);
  var n = 0.0;
  var zeros = 0.0;
  var odd = 0.0;
  for (var i = first + local; i < end; i += WORKGROUP) {
    let word = word_at(i);
    sums += word.value;
    low = min(low, select(vec4f(LARGEST), word.value, word.is_finite));
    high = max(high, select(vec4f(-LARGEST), word.value, word.is_finite));
    n += number_of(word.is_finite);
    zeros += number_of(word.is_finite & (word.value == vec4f(0.0)));
    odd += number_of(word.is_odd);
  }
  n = sum_over(WORKGROUP, n, local);
  zeros = sum_over(WORKGROUP, zeros, local);
  odd = sum_over(WORKGROUP, odd, local);
  let mean = sum_over(WORKGROUP, sums.x + sums.y + sums.z + sums.w, local) / max(n, 1.0);
  let range = extremes_over(low, high, local);
  var squares = vec4f(0.0);
  for (var i = first + local; i < end; i += WORKGROUP) {
    let word = word_at(i);
    let from_mean = select(vec4f(0.0), word.value - mean, word.is_finite);
    squares += from_mean * from_mean;
  }
  let m2 = sum_over(WORKGROUP, squares.x + squares.y + squares.z + squares.w, local);
  if (local == 0u) {
    moments[params.first_partial + wg.x] = vec4f(mean, m2, range);
    counts[params.first_partial + wg.x] = vec4u(u32(n), u32(zeros), u32(odd), 0u);
  }
}

@compute @workgroup_size(1)
fn combine() {
  var mean = 0.0;
  var m2 = 0.0;
  var range = vec2f(LARGEST, -LARGEST);
  var total = vec3u(0u);
  for (var i = 0u; i < params.partials; i++) {
    let part = all_moments[i];
    let part_counts = all_counts[i].xyz;
    if (part_counts.x > 0u) {
      let n_a = f32(total.x);
      let n_b = f32(part_counts.x);
      let share = n_b / (n_a + n_b);
      let delta = part.x - mean;
      mean += delta * share;
      m2 += part.y + delta * delta * n_a * share;
      range = vec2f(min(range.x, part.z), max(range.y, part.w));
    }
    total += part_counts;
  }
  if (total.x == 0u) { range = vec2f(0.0); }
  let base = params.slot * (HEADER + BINS);
  let deviation = sqrt(m2 / f32(max(total.x, 1u)));
  atomicStore(&records[base], bitcast<u32>(mean));
  atomicStore(&records[base + 1u], bitcast<u32>(deviation));
  atomicStore(&records[base + 2u], bitcast<u32>(range.x));
  atomicStore(&records[base + 3u], bitcast<u32>(range.y));
  atomicStore(&records[base + 4u], total.x);
  atomicStore(&records[base + 5u], total.y);
  atomicStore(&records[base + 6u], total.z);
  atomicStore(&records[base + 7u], 0u);
  for (var bin = 0u; bin < BINS; bin++) { atomicStore(&records[base + HEADER + bin], 0u); }
}

var<workgroup> bins: array<atomic<u32>, 32>;

@compute @workgroup_size(64)
fn bin(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  if (local < BINS) { atomicStore(&bins[local], 0u); }
  workgroupBarrier();
  let base = params.slot * (HEADER + BINS);
  let low = bitcast<f32>(atomicLoad(&records[base + 2u]));
  let high = bitcast<f32>(atomicLoad(&records[base + 3u]));
  // Halves, because high − low may be too large for a number.
  let width = 0.5 * high - 0.5 * low;
  let first = wg.x * params.per_group;
  let end = min(first + params.per_group, params.vectors);
  for (var i = first + local; i < end; i += WORKGROUP) {
    let word = word_at(i);
    let share = (0.5 * word.value - 0.5 * low) / select(1.0, width, width > 0.0);
    let places = min(vec4u(max(share, vec4f(0.0)) * f32(BINS)), vec4u(BINS - 1u));
    if (word.is_finite.x) { atomicAdd(&bins[places.x], 1u); }
    if (word.is_finite.y) { atomicAdd(&bins[places.y], 1u); }
    if (word.is_finite.z) { atomicAdd(&bins[places.z], 1u); }
    if (word.is_finite.w) { atomicAdd(&bins[places.w], 1u); }
  }
  workgroupBarrier();
  if (local < BINS) {
    let found = atomicLoad(&bins[local]);
    if (found > 0u) { atomicAdd(&records[base + HEADER + local], found); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn snapshot(id: Invocation) {
  let i = linear_index(id);
  if (i < params.vectors) { copy[i] = x[i]; }
}
