// Options that say how a layer is trained: terms of the loss, and what weights are held to after a step. Predictions know
// nothing of them. Of all of them, only L1 and L2 of a kernel are computed here.

import { FormatError } from "../../engine/core/errors.ts";
import type { Net } from "../../engine/layers/net.ts";
import type { Penalty } from "../../engine/ops/penalty.ts";
import { isRecord, type JsonRecord } from "./json-record.ts";

interface LayerOptions {
  readonly name: string;
  readonly className: string;
  readonly config: JsonRecord;
}

const KERNEL = "kernel_regularizer";
/** The layers that add the penalty of their kernels to the loss. */
const REGULARISED: ReadonlySet<string> = new Set(["Conv2D", "Dense"]);

export function isTrainingOption(option: string, value: unknown): boolean {
  return /_(regularizer|constraint)$/.test(option) && isRecord(value);
}

/** The factors of a regulariser by absolute values and squares; null for any other. */
export function penaltyFactors(value: unknown): Required<Penalty> | null {
  if (!isRecord(value) || !["L1", "L2", "L1L2"].includes(String(value["class_name"]))) return null;
  const { l1 = 0, l2 = 0 } = isRecord(value["config"]) ? value["config"] : {};
  // Keras 1.15 writes arrays of no axis as numbers, and null for none.
  const [first, second] = [l1 ?? 0, l2 ?? 0];
  return typeof first === "number" && typeof second === "number" ? { l1: first, l2: second } : null;
}

/** Throws FormatError where a layer is recorded for training, and would be trained otherwise than in Keras. */
export function refuseUntrained(net: Net, layer: LayerOptions, where: string): void {
  if (!net.wantsGradients) return;
  const { name, className, config } = layer;
  const untrained = Object.entries(config)
    .filter(([option, value]) => isTrainingOption(option, value))
    .filter(([option, value]) => {
      const isKnown = option === KERNEL && REGULARISED.has(className);
      return !isKnown || penaltyFactors(value) === null;
    });
  if (untrained.length === 0) return;
  const rule = `layer ${name} (${className}) can predict, but not be trained`;
  throw new FormatError(
    `${where}: ${rule}, got ${untrained.map(([option]) => option).join(", ")}`,
    {
      help: "L1 and L2 of the kernel are what training knows",
    },
  );
}
