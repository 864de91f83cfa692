// Three optimisers of Keras's are called Nadam, and ours is Keras 3's. Its momentum in step t is u_t = β1·(1 − ½·0.96^t), and every
// step multiplies a product by it.
//   before 2.11    u_t = β1·(1 − ½·0.96^(0.004·t)), the 0.004 being the setting `decay` or `schedule_decay`
//   2.11 to 2.15   Keras 3's u_t; but in a graph, which `fit` makes, each variable but one multiplies the product once more, for
//                  the count that should hinder it is taken when the graph is made (run_eagerly=True gives Keras 3's losses)
//   https://github.com/keras-team/keras/blob/v2.15.0/keras/optimizers/legacy/nadam.py
//   https://github.com/keras-team/keras/blob/v2.15.0/keras/optimizers/nadam.py (compute_new_u_product)

import { type JsonRecord, quote } from "../../models/architecture/json-record.ts";

/** Settings that only the one before 2.11 has. */
export const OLD_NADAM_KEYS = ["decay", "schedule_decay"] as const;

/** What is told of a file with another Nadam than ours; null for ours. */
export function otherNadam(options: JsonRecord): string | null {
  const decay = OLD_NADAM_KEYS.map((key) => options[key]).find(
    (value) => typeof value === "number",
  );
  if (decay !== undefined || options["is_legacy_optimizer"] === true) {
    const got = `0.96^(${quote(decay ?? 0.004)}·t) in the file`;
    return `training goes on with Keras 3's Nadam, whose momentum grows by 0.96^t, got ${got}`;
  }
  if (options["is_legacy_optimizer"] !== false) return null;
  const rule = "whose momentum is taken once a step";
  return `training goes on with Keras 3's Nadam, ${rule}, got TF-Keras's, which takes it once a weight`;
}

/** What is told of a file that TF-Keras opens. */
export const NADAM_IN_TF_KERAS =
  "TF-Keras's Nadam takes other steps than Keras 3's and ours, so fit goes on otherwise there";
