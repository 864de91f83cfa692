// What the elements of tensors look like, measured on the device within a program: for whoever watches a training. Formulas stand in
// statistics.wgsl.
//   x any shape, f32   ->   record: mean, deviation, min, max, counts, histogram of 32 bins
// Mean and deviation are of the finite elements, the deviation with division by n. Every sum is in a fixed order, so that equal
// tensors give equal records. Not differentiable: it leaves nothing on the tape.

import shader from "../../shaders/statistics.wgsl";
import { viewsWithin } from "../core/binding.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";

/** Equal bins from min to max. */
export const HISTOGRAM_BINS = 32;
const HEADER_WORDS = 8;
const RECORD_WORDS = HEADER_WORDS + HISTOGRAM_BINS;
/** Workgroups of a stage at most, and words that one takes at least before another is worth its while. */
const MOST_GROUPS = 64;
const WORDS_PER_GROUP = 1024;

export interface TensorStatistics {
  /** Elements that are finite: mean, deviation, min, max and histogram are of these; all 0 where there is none. */
  readonly finite: number;
  readonly nonFinite: number;
  /** Elements that are exactly 0, of either sign. */
  readonly zeros: number;
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** Counts of equal bins from min to max. */
  readonly histogram: readonly number[];
}

/** Room for `count` records. */
export function statisticsRecords(rec: Recorder, count: number): Tensor {
  return rec.allocate([count, RECORD_WORDS], "statistics.records", "u32");
}

/** Records the statistics of `x` into record `slot`; with `before`, of x − before. */
export function recordStatistics(
  rec: Recorder,
  x: Tensor,
  { records, slot, before }: { records: Tensor; slot: number; before?: Tensor },
): void {
  const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
  const flat = (tensor: Tensor) => viewsWithin(reshaped(tensor, [sizeOf(tensor.shape)]), limit);
  const earlier = before && flat(before);
  let partials = 0;
  const parts = flat(x).map((view, index) => {
    const elements = sizeOf(view.shape);
    const vectors = ceilDiv(elements, 4);
    const perGroup = Math.max(WORDS_PER_GROUP, ceilDiv(vectors, MOST_GROUPS));
    const groups = ceilDiv(vectors, perGroup);
    const params = { elements, vectors, per_group: perGroup, first_partial: partials, slot };
    partials += groups;
    return {
      bind: { x: view, ...(earlier?.[index] && { before: earlier[index] }) },
      groups,
      params,
    };
  });
  const moments = rec.allocate([partials, 4], "statistics.moments");
  const counts = rec.allocate([partials, 4], "statistics.counts", "u32");
  const flags = { DIFFERENCE: before !== undefined };
  const stage = (entry: "summarise" | "bin", own: Readonly<Record<string, Tensor>>): void => {
    for (const { bind, groups, params } of parts) {
      rec.dispatch({
        op: "statistics",
        kernel: kernelFrom(shader, entry, { flags }),
        grid: [groups, 1, 1],
        bind: { ...bind, ...own },
        params: { ...params, partials },
        touched: entry === "bin" ? { records: 4 * RECORD_WORDS } : {},
        flops: (entry === "bin" ? 3 : 5) * params.elements,
      });
    }
  };
  stage("summarise", { moments, counts });
  rec.dispatch({
    op: "statistics",
    kernel: COMBINE,
    grid: [1, 1, 1],
    bind: { all_moments: moments, all_counts: counts, records },
    params: { elements: 0, vectors: 0, per_group: 0, first_partial: 0, partials, slot },
    touched: { records: 4 * RECORD_WORDS },
  });
  stage("bin", { records });
}

/** Records a copy of `x` as it is at this point of the program. */
export function recordSnapshot(rec: Recorder, x: Tensor): Tensor {
  const copy = rec.allocate(x.shape, `${x.label}.before`);
  const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
  const flat = (tensor: Tensor) => viewsWithin(reshaped(tensor, [sizeOf(tensor.shape)]), limit);
  const targets = flat(copy);
  for (const [index, part] of flat(x).entries()) {
    const elements = sizeOf(part.shape);
    const vectors = ceilDiv(elements, 4);
    rec.dispatch({
      op: "statistics",
      kernel: SNAPSHOT,
      grid: linearGrid(vectors, 64),
      bind: { x: part, copy: targets[index] ?? copy },
      params: { elements, vectors, per_group: 0, first_partial: 0, partials: 0, slot: 0 },
    });
  }
  return copy;
}

/** What the records hold, read back from the device. */
export function statisticsOf(bytes: ArrayBuffer, count: number): readonly TensorStatistics[] {
  return Array.from({ length: count }, (_, slot) => {
    const offset = 4 * RECORD_WORDS * slot;
    const [mean = 0, deviation = 0, min = 0, max = 0] = new Float32Array(bytes, offset, 4);
    const [finite = 0, zeros = 0, nonFinite = 0] = new Uint32Array(bytes, offset + 16, 3);
    const histogram = [...new Uint32Array(bytes, offset + 4 * HEADER_WORDS, HISTOGRAM_BINS)];
    return { finite, nonFinite, zeros, mean, deviation, min, max, histogram };
  });
}

const COMBINE: Kernel = kernelFrom(shader, "combine");
const SNAPSHOT: Kernel = kernelFrom(shader, "snapshot");

/** Every kernel that this file dispatches. */
export function* statisticsKernels(): Iterable<Kernel> {
  for (const DIFFERENCE of [false, true]) {
    yield kernelFrom(shader, "summarise", { flags: { DIFFERENCE } });
    yield kernelFrom(shader, "bin", { flags: { DIFFERENCE } });
  }
  yield COMBINE;
  yield SNAPSHOT;
}
