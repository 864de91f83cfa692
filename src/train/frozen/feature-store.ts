// Where the features of a frozen base are kept between runs: a file for every set of rows, network, weights, adapter and
// preprocessing, since features are the same whenever those are.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { dataDigest } from "../../data/data-digest.ts";
import type { Dataset } from "../../data/dataset.ts";
import { sizeOf } from "../../engine/core/shape.ts";
import { describeModel, type Model } from "../../engine/layers/model.ts";
import { RowFile } from "../../io/row-file.ts";
import type { TransferModelConfig } from "../../models/models.ts";

/** Raised when the same inputs give other features. */
const FORMAT = 1;

export interface FeatureKey {
  readonly config: TransferModelConfig;
  /** Of the base's initial weights, where they are not pretrained. */
  readonly seed: number;
  /** That computes them: another one's differ in the last digits. */
  readonly adapter: string;
}

/** The file of a data set in `folder`, as far as it has been written. */
export function openFeatures(
  folder: string,
  { config, seed, adapter }: FeatureKey,
  { dataset, base }: { readonly dataset: Dataset; readonly base: Model },
): Promise<RowFile> {
  const { name, inputSize, preprocessing, pooling, pretrained } = config;
  const images = { inputSize, preprocessing, pooling };
  const settings = { format: FORMAT, name, ...images, pretrained, adapter };
  const key = createHash("sha256")
    .update(JSON.stringify(pretrained ? settings : { ...settings, seed }))
    .update(dataDigest(dataset))
    .digest("hex");
  const elements = sizeOf(describeModel(base).outputShape);
  return RowFile.open(join(folder, `${name}-${key.slice(0, 16)}.f32`), {
    rows: dataset.rows,
    elements,
  });
}
