// The JSON form of a recording, field by field (docs/recording.md says what each means). Lists are referred to by index.

import * as v from "valibot";

export const FORMAT = "vitrine-recording";
/** Raised when the form changes in a way that older readers would misread. */
export const VERSION = 1;

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = index;
const shape = v.array(count);
const numbers = v.record(v.string(), v.number());

const storage = v.object({
  label: v.string(),
  bytes: count,
  persistent: v.boolean(),
  parent: v.nullable(v.object({ storage: index, offset: count })),
});

const tensor = v.object({
  label: v.string(),
  shape,
  dtype: v.picklist(["f32", "f16", "u32", "u8"]),
  storage: index,
});

const shader = v.object({
  file: v.string(),
  text: v.string(),
  runs: v.optional(v.array(v.object({ file: v.string(), line: count, count }))),
});

const kernel = v.object({
  shader: index,
  entry: v.string(),
  flags: v.optional(v.record(v.string(), v.boolean())),
  constants: v.optional(numbers),
  halves: v.optional(v.array(v.string())),
  isGuarded: v.optional(v.boolean()),
});

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
const json: v.GenericSchema<Json> = v.lazy(() =>
  v.union([
    v.string(),
    v.number(),
    v.boolean(),
    v.null(),
    v.array(json),
    v.record(v.string(), json),
  ]),
);

const layer = v.object({
  name: v.string(),
  className: v.string(),
  config: v.record(v.string(), json),
  outputShape: shape,
  params: count,
  weights: v.array(v.object({ name: v.string(), shape })),
  inputs: v.array(v.string()),
  site: v.nullable(v.string()),
});

const solution = v.object({
  ladder: v.string(),
  rung: v.string(),
  problem: v.record(v.string(), json),
  fitting: v.array(v.string()),
  isAsked: v.boolean(),
  isMeasured: v.optional(v.boolean(), false),
  within: v.nullable(index),
});

const dispatch = v.object({
  op: v.string(),
  layers: v.array(v.string()),
  pass: v.picklist(["data", "forward", "backward", "update", "metric"]),
  kernel: index,
  grid: v.tuple([count, count, count]),
  bindings: v.record(
    v.string(),
    v.object({ tensor: index, access: v.picklist(["read", "write", "update"]), bytes: count }),
  ),
  params: numbers,
  solution: v.nullable(index),
  site: v.nullable(v.string()),
  forwardOf: v.nullable(index),
  flops: count,
  executedFlops: count,
});

const plan = v.object({
  dispatches: v.array(index),
  dropped: v.array(v.object({ dispatch: index, unread: v.array(index), readers: v.array(index) })),
  lives: v.array(
    v.object({
      storage: index,
      first: index,
      last: index,
      outlives: v.boolean(),
      slot: v.nullable(index),
    }),
  ),
  slotBytes: v.array(count),
});

export const recordingSchema = v.object({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  name: v.string(),
  capabilities: v.object({
    subgroupSize: v.nullable(count),
    isSoftware: v.boolean(),
    maxStorageBufferBindingSize: v.optional(count),
    maxComputeWorkgroupStorageSize: v.optional(count),
  }),
  storages: v.array(storage),
  tensors: v.array(tensor),
  shaders: v.array(shader),
  kernels: v.array(kernel),
  layers: v.array(layer),
  variables: v.array(v.object({ name: v.string(), trainable: v.boolean(), tensor: index })),
  solutions: v.array(solution),
  dispatches: v.array(dispatch),
  kept: v.array(index),
  plan,
});

export type RecordingJson = v.InferOutput<typeof recordingSchema>;
