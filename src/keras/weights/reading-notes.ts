// What reading a file changes, and its reader should know: all numbers become float32, whatever the file and its model use.

import { dtypeOf } from "../../models/architecture/dtypes.ts";
import { isRecord } from "../../models/architecture/json-record.ts";
import { nestedLayers } from "../../models/architecture/model-config.ts";
import type { WeightFile } from "./saved-weights.ts";

const OWN = "float32";

/** Sentences, none where nothing changes. */
export function readingNotes(file: Pick<WeightFile, "layers" | "modelConfig">): string[] {
  const weights = file.layers.flatMap((layer) => layer.weights);
  const stored = weights.map(({ dtype }) => dtype).filter((dtype) => dtype !== OWN);
  const computed = [...policies(file.modelConfig)].filter((policy) => policy !== OWN);
  return [
    ...counted(stored).map(
      ([dtype, count]) => `${count} weights are stored as ${dtype}, and read as ${OWN}`,
    ),
    ...counted(computed).map(
      ([policy, count]) => `${count} layers compute in ${policy} in Keras, and in ${OWN} here`,
    ),
  ];
}

/** Of all layers with options of their own, those within models within the model too. */
function* policies(description: unknown): Generator<string> {
  for (const { config: layer } of nestedLayers(description)) {
    const inner = nestedLayers(layer);
    if (inner.length > 0) yield* policies(layer);
    const config = isRecord(layer) && isRecord(layer["config"]) ? layer["config"] : {};
    const dtype = inner.length > 0 ? undefined : dtypeOf(config);
    if (typeof dtype === "string" && !INPUTS.has(dtype)) yield dtype;
  }
}

/** What an InputLayer may say of images, which are read as floats anyhow. */
const INPUTS: ReadonlySet<string> = new Set(["uint8", "int32", "int64"]);

function counted(values: readonly string[]): (readonly [value: string, count: number])[] {
  return [...new Set(values)].map((value) => [value, values.filter((v) => v === value).length]);
}
