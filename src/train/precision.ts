// The precision of a training: whether the device has what was asked for, and the loss scale that goes with it.

import type { Device } from "../engine/core/device.ts";
import { DeviceError } from "../engine/core/errors.ts";
import type { Precision } from "../engine/layers/variables.ts";
import { LossScale, type LossScaleConfig } from "../engine/optim/loss-scale.ts";

export const PRECISIONS: readonly Precision[] = ["float32", "mixed"];

interface Asked {
  readonly precision?: Precision | undefined;
  readonly lossScale?: LossScaleConfig | undefined;
}

type Capable = Pick<Device, "hasHalf" | "name">;

/** Null for float32. Throws as `checkPrecision` does. */
export function lossScaleFor(device: Capable, asked: Asked): LossScale | null {
  const { precision = "float32", lossScale } = asked;
  checkPrecision(device, precision);
  return precision === "float32" ? null : new LossScale(lossScale);
}

/** Throws DeviceError where a device is to compute in f16 and has none. */
export function checkPrecision(device: Capable, precision: Precision): void {
  if (precision === "float32" || device.hasHalf) return;
  throw new DeviceError(
    `precision: mixed needs an adapter with f16 (the feature shader-f16), got ${device.name}, which has none`,
    {
      ...{ argument: "precision", remedies: ["adapter"] },
      help: "train in float32, the default, or choose another adapter",
    },
  );
}
