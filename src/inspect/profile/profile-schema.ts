// A profile: what `npm run profile --json` prints and `--compare` reads, field by field, and the check of one that was saved.
// Times are milliseconds; a time with its quartiles is `{ median, lower, upper }`, half of the samples lying between.

import * as v from "valibot";
import { FormatError } from "../../engine/core/errors.ts";

export const PROFILE_FORMAT = "vitrine-profile";
/** Raised when the form changes in a way that older readers would misread. */
export const PROFILE_VERSION = 1;

const amount = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(amount, v.integer());
const time = v.object({ median: amount, lower: amount, upper: amount });
const pass = v.picklist(["data", "forward", "backward", "update", "metric"]);

/** One dispatch of the step. */
const dispatch = v.object({
  /** Its place in the recording. */
  id: count,
  op: v.string(),
  pass,
  /** The layer that it belongs to; null for data and metrics. */
  layer: v.nullable(v.string()),
  /** That one, and those whose work it does as well. */
  layers: v.array(v.string()),
  /** `file/entry`. */
  kernel: v.string(),
  /** The ladder's problem that it helps to solve, the rung taken and the others that fit; null where there is one way. */
  solution: v.nullable(
    v.object({
      id: count,
      ladder: v.string(),
      rung: v.string(),
      fitting: v.array(v.string()),
      isAsked: v.boolean(),
    }),
  ),
  /** Workgroups in x, y and z. */
  grid: v.tuple([count, count, count]),
  /** Tensors by the name that the kernel gives them; `bytes` are those touched. */
  bindings: v.record(
    v.string(),
    v.object({
      tensor: v.string(),
      shape: v.array(count),
      dtype: v.string(),
      access: v.string(),
      bytes: count,
    }),
  ),
  /** `file:line` of the model that made the layer. */
  site: v.nullable(v.string()),
  /** Of a backward dispatch: the forward one whose gradient it helps to compute. */
  forwardOf: v.nullable(count),
  ms: time,
  /** Of the sum of all dispatches. */
  share: amount,
  /** Operations of the problem; of them those that are not with padding; those that the kernel does. */
  flops: count,
  usefulFlops: count,
  executedFlops: count,
  /** Moved at least: each once, those updated twice. Of the recording; the rates leave out weights that meet padding only. */
  bytes: count,
  gflops: amount,
  gbs: amount,
  /** Of the GFLOPS, and of the GB/s that the adapter reaches with so many bytes in use: from 0 to 1. */
  ofCompute: amount,
  ofMemory: amount,
  /** What a dispatch that does nothing takes in a row, as a share of this one's time. */
  ofLaunch: amount,
  /** The largest of the three. */
  bound: v.picklist(["compute", "memory", "launch"]),
  /** In a typical run of the step, from its first dispatch on; null where the method cannot tell. */
  startMs: v.nullable(amount),
  /** In that same run. */
  typicalMs: amount,
});

const total = v.object({
  name: v.string(),
  dispatches: count,
  ms: amount,
  share: amount,
  gflops: amount,
  gbs: amount,
});

const memory = v.object({
  totalBytes: count,
  persistentBytes: count,
  persistent: v.array(v.object({ label: v.string(), holds: v.string(), bytes: count })),
  slotBytes: count,
  slots: v.array(v.object({ bytes: count, holds: v.array(v.string()) })),
  /** What the slots would take without sharing. */
  unsharedBytes: count,
  paramsBytes: count,
  /** Bytes in slots that hold something needed, while each dispatch runs. */
  live: v.array(v.object({ dispatch: count, bytes: count })),
  peak: v.object({ dispatch: count, bytes: count }),
});

export const profileSchema = v.object({
  format: v.literal(PROFILE_FORMAT),
  version: v.literal(PROFILE_VERSION),
  /** `lenet5.train.50`: model, step, batch. */
  program: v.string(),
  model: v.string(),
  step: v.picklist(["train", "evaluate", "predict"]),
  batch: count,
  /** Rungs that were asked for, by ladder. */
  rungs: v.record(v.string(), v.string()),
  adapter: v.string(),
  isSoftware: v.boolean(),
  /** How dispatches were timed. */
  method: v.picklist(["timestamps", "replays"]),
  samples: count,
  /** Best that was measured on the adapter, before and after. */
  ceilings: v.object({
    gflops: amount,
    bandwidths: v.array(
      v.object({
        traffic: v.picklist(["read", "write", "copy", "add"]),
        bytes: count,
        gbs: amount,
      }),
    ),
    launchMs: amount,
  }),
  /** The step as it really runs, many in a row. */
  stepMs: time,
  /** Of all dispatches, timed one by one. */
  sumMs: time,
  /** A dispatch that does nothing, timed in the same way as the others. */
  emptyMs: time,
  /** Of the device between dispatches that are timed one by one; null where the method cannot tell. */
  idleMs: v.nullable(time),
  /** Of the host, while one step runs alone. */
  host: v.object({ encodeMs: time, submitMs: time, waitMs: time }),
  /** The same in the typical run. */
  typicalHost: v.object({ encodeMs: amount, submitMs: amount, waitMs: amount }),
  /** The samples of the step lie apart by so much of their median that small differences mean nothing. */
  isBusy: v.boolean(),
  dispatches: v.array(dispatch),
  byLayer: v.array(total),
  byKernel: v.array(total),
  byPass: v.array(total),
  memory,
});

/** What one step costs: times in milliseconds with their quartiles, work, memory, beside what the adapter does at most. */
export type Profile = v.InferOutput<typeof profileSchema>;
/** One dispatch of it. */
export type ProfiledDispatch = Profile["dispatches"][number];
/** Those of one layer, kernel or pass together. */
export type ProfileTotal = Profile["byLayer"][number];

/** Checks a parsed file; `name` is what messages call it. Throws FormatError for anything that is not a profile. */
export function readProfile(value: unknown, name: string): Profile {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== PROFILE_FORMAT) {
    const got = typeof format === "string" ? `a ${format}` : `no format "${PROFILE_FORMAT}"`;
    throw new FormatError(`${name}: must be a profile, got ${got}`, {
      help: "`npm run profile -- --out FILE.json` writes one",
    });
  }
  if (version !== PROFILE_VERSION) {
    throw new FormatError(
      `${name}: was written by another version, got version ${version}, this one reads ${PROFILE_VERSION}`,
      { help: "profile again with this version of Vitrine" },
    );
  }
  const parsed = v.safeParse(profileSchema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? "it";
  throw new FormatError(`${name}: ${path} must be what a profile has there, got ${issue.message}`);
}
