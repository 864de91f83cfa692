// `x[..., ::-1]` as both generations of Keras write it down.

import { type Slice, slicing } from "../../engine/layers/images.ts";
import type { Layer } from "../../engine/layers/net.ts";
import { isRecord } from "./json-record.ts";
import type { Operands } from "./operands.ts";

const WHOLE: Slice = { start: null, stop: null, step: null };

/** Images have four axes, and nothing that is sliced has more. */
const MOST_AXES = 4;

/** The layer that takes the slices; an ellipsis stands for as many axes as the tensor turns out to have. */
export function slicesOf(operands: Operands): Layer {
  const given = operands.constant(1, "slice_spec", "key");
  const list = Array.isArray(given) ? given : [given];
  const ellipsis = list.findIndex(isEllipsis);
  const before = list
    .slice(0, ellipsis < 0 ? list.length : ellipsis)
    .map((item) => read(operands, item));
  const after = ellipsis < 0 ? [] : list.slice(ellipsis + 1).map((item) => read(operands, item));
  return (net, x) => {
    const axes = x.shape.length;
    const missing = axes - before.length - after.length;
    if (axes > MOST_AXES || missing < 0)
      throw operands.refused("the slice", `of ${axes} axes`, given);
    const [batch, ...slices] = [...before, ...Array<Slice>(missing).fill(WHOLE), ...after];
    if (JSON.stringify(batch) !== JSON.stringify(WHOLE)) {
      throw operands.refused("the slice", "the whole of a batch", given);
    }
    return slicing({ name: operands.name, slices })(net, x);
  };
}

function isEllipsis(value: unknown): boolean {
  return isRecord(value) && value["class_name"] === "__ellipsis__";
}

function read(operands: Operands, value: unknown): Slice {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  // Keras 3 puts the three into a config.
  const fields = isRecord(value) && isRecord(value["config"]) ? value["config"] : value;
  if (!isRecord(fields)) throw operands.refused("the slice", "of numbers and slices", value);
  const [start, stop, step] = ["start", "stop", "step"].map((key) => fields[key] ?? null);
  if (isPlace(start) && isPlace(stop) && isPlace(step) && step !== 0) return { start, stop, step };
  throw operands.refused("the slice", "of whole numbers", value);
}

function isPlace(value: unknown): value is number | null {
  return value === null || Number.isInteger(value);
}
