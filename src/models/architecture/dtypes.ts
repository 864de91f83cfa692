// What a layer computes in, in Keras: a type of numbers, or a policy, which may say another one for its variables.

import { isRecord, type JsonRecord } from "./json-record.ts";

/** Policies of floats. All is computed in float32 here, as in Keras's own default. */
export const FLOATS: ReadonlySet<unknown> = new Set([
  ...["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"],
]);

/** The name of a layer's `dtype`: itself, or that of the policy it describes; undefined where there is none. */
export function dtypeOf(config: JsonRecord): unknown {
  const dtype = config["dtype"] ?? undefined;
  if (!isRecord(dtype)) return dtype;
  const { name, mode } = isRecord(dtype["config"]) ? dtype["config"] : {};
  return name ?? mode ?? dtype["class_name"] ?? dtype;
}
