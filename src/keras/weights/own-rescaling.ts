// What a model in a Keras file does to its pictures itself, before the layers that its weights are of: Keras's Rescaling,
// y = x · scale + offset, and Normalization. Whoever takes the weights alone must do the same.

import { isRecord } from "../../models/architecture/json-record.ts";

/** Of bytes, 0 to 255. */
export interface Rescaling {
  readonly className: string;
  /** Null where it is not one number for all channels. */
  readonly scale: number | null;
  readonly offset: number | null;
}

/** Of the model and of models within it; null where there is none. `modelConfig`: `{ class_name, config }`, or null. */
export function ownRescaling(modelConfig: unknown): Rescaling | null {
  if (!isRecord(modelConfig)) return null;
  const { class_name: className, config } = modelConfig;
  if (className === "Rescaling" || className === "Normalization") {
    const { scale, offset } = isRecord(config) ? config : {};
    const isPlain = className === "Rescaling";
    return {
      className,
      scale: isPlain && typeof scale === "number" ? scale : null,
      offset: isPlain && typeof offset === "number" ? offset : null,
    };
  }
  const layers = Array.isArray(config) ? config : isRecord(config) ? config["layers"] : null;
  if (!Array.isArray(layers)) return null;
  for (const layer of layers) {
    const found = ownRescaling(layer);
    if (found) return found;
  }
  return null;
}

/** `Rescaling(scale 0.00392157, offset 0)` */
export function describeRescaling({ className, scale, offset }: Rescaling): string {
  if (scale === null) return className;
  return `${className}(scale ${Number(scale.toPrecision(6))}, offset ${offset ?? "of its own"})`;
}
